#pragma once
// Asks an OpenBLAS for the core it would compute for: only the library itself knows. In a child process, so
// that nothing is loaded into this one.

#include <string>

namespace runner::runtime {

// "" when the library cannot be loaded, has no such function or does not answer within 10 s.
std::string probe_openblas_core(const std::string& library);

}  // namespace runner::runtime
