#pragma once

#include <string>
#include <vector>

#include "openmp_scan/verdict/verdict.h"

namespace runner::runtime {

// What happens, what it costs where that was measured, and the fix as commands; one text each.
std::vector<std::string> advise(const ScanResult& result, const Surroundings& around);

}  // namespace runner::runtime
