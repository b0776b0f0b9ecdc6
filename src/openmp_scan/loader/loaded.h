#pragma once
// After loading: what is really mapped, and whether the scan had said so.

#include <string>
#include <vector>

#include "openmp_scan/scan.h"

namespace runner::runtime {

// What is mapped into this process now.
ScanResult scan_loaded();
// Differences between the prediction and what is mapped, one line each; empty when they agree.
std::vector<std::string> differences(const ScanResult& predicted, const ScanResult& loaded);
// The core whose kernels the loaded OpenBLAS uses ("Haswell", "SkylakeX"); "" when none is loaded.
std::string loaded_openblas_core();

}  // namespace runner::runtime
