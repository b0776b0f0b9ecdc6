#pragma once
// What OpenMP runtimes say on stderr before they end a process, and what it means.

#include <string>
#include <vector>

namespace runner::runtime {

struct OmpError {
  std::string line;     // as printed
  std::string meaning;  // one sentence
};

// The distinct errors of a program's stderr, in their order. Warnings ("OMP: Warning", "OMP: Info") are none.
std::vector<OmpError> find_omp_errors(const std::string& text);

}  // namespace runner::runtime
