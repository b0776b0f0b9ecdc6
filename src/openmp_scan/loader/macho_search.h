#pragma once

#include <memory>
#include <string>

#include "openmp_scan/loader/closure.h"

namespace runner::runtime {

// dyld(1): @rpath, @loader_path, @executable_path, absolute install names, DYLD_* paths.
std::unique_ptr<Search> make_macho_search(const ScanOptions& options, const std::string& arch,
                                          FileStore& store);

}  // namespace runner::runtime
