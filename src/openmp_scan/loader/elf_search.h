#pragma once

#include <memory>
#include <string>

#include "openmp_scan/loader/closure.h"

namespace runner::runtime {

// ld.so(8): RPATH of the asker and its askers, LD_LIBRARY_PATH, RUNPATH of the asker, ld.so.cache, default
// folders.
std::unique_ptr<Search> make_elf_search(const ScanOptions& options, const std::string& arch,
                                        FileStore& store);

}  // namespace runner::runtime
