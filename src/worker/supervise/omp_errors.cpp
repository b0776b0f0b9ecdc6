#include "worker/supervise/omp_errors.h"

#include <algorithm>
#include <sstream>

namespace runner::runtime {
namespace {

struct Known {
  const char* mark;
  const char* meaning;
};

// The numbers are those of LLVM's and Intel's message catalogue; libgomp has words only.
constexpr Known known[] = {
    {"OMP: Error #15", "a second copy of LLVM/Intel OpenMP started in this process"},
    {"OMP: Error #179",
     "a system call failed inside the OpenMP runtime: mostly a lock or thread that another copy of "
     "the runtime had already destroyed or never made"},
    {"OMP: Error #13", "an assertion of the OpenMP runtime failed: typical of two copies sharing threads"},
    {"OMP: Error #34",
     "the system had no resources for another thread: a limit (ulimit -u, pids.max), or several "
     "pools each of the size of the machine"},
    {"OMP: Error #35",
     "the system refused to make a thread: a limit, or several pools each of the size of the machine"},
    {"OMP: Error #178", "a function of the system failed inside the OpenMP runtime"},
    {"OMP: Error #", "the OpenMP runtime of LLVM/Intel gave up"},
    {"libgomp: Thread creation failed",
     "libgomp could not make a thread: a limit (ulimit -u, pids.max), or several "
     "pools each of the size of the machine"},
    {"libgomp:", "libgomp gave up"},
    {"Assertion failure at kmp_",
     "an assertion of the OpenMP runtime failed: typical of two copies sharing threads"},
};

bool is_harmless(const std::string& line) {
  return line.find("OMP: Warning") != std::string::npos || line.find("OMP: Info") != std::string::npos ||
         line.find("OMP: Hint") != std::string::npos ||
         line.find("libgomp: Invalid value") != std::string::npos;
}

}  // namespace

std::vector<OmpError> find_omp_errors(const std::string& text) {
  std::vector<OmpError> errors;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (is_harmless(line)) continue;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const auto* found = std::find_if(std::begin(known), std::end(known), [&line](const Known& k) {
      const std::size_t at = line.find(k.mark);
      if (at == std::string::npos) return false;
      // "#15" is not "#150".
      const std::size_t end = at + std::string(k.mark).size();
      const bool numbered =
          k.mark[std::string(k.mark).size() - 1] != '#' && std::string(k.mark).find('#') != std::string::npos;
      return !numbered || end >= line.size() || line[end] < '0' || line[end] > '9';
    });
    if (found == std::end(known)) continue;
    const bool seen =
        std::any_of(errors.begin(), errors.end(), [&line](const OmpError& e) { return e.line == line; });
    if (!seen) errors.push_back({line, found->meaning});
  }
  return errors;
}

}  // namespace runner::runtime
