#pragma once
// Files that are known to be mapped into one process, judged together.

#include "openmp_scan/loader/closure.h"

namespace runner::runtime {

ScanResult scan_mapped(const std::vector<std::string>& paths, const ScanOptions& options);
// Two mapped files may need each other; a chain of askers must end.
void break_cycles(Closure& closure);

}  // namespace runner::runtime
