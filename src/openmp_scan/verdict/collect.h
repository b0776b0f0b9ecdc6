#pragma once
// From a closure to the runtimes and pools in it.

#include "openmp_scan/loader/closure.h"

namespace runner::runtime {

// Fills in runtimes, blas, verdict, from_preload and advice; members and problems are the caller's.
void collect(const Closure& closure, const ScanOptions& options, ScanResult& result);
// scan() with files that stay known from call to call.
ScanResult scan_with(FileStore& store, const std::vector<std::filesystem::path>& members,
                     const ScanOptions& options);

}  // namespace runner::runtime
