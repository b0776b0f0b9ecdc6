#pragma once
// environment.openmp. Here, since the options that have it and the verdict that it decides about know nothing
// of each other.

#include <string>
#include <vector>

namespace runner {

// When two OpenMP runtimes would meet in one process: the parts in workers of their own, not at all, or all
// the same.
enum class OpenMpPolicy { isolate, forbid, allow };
inline std::vector<std::string> words_of(OpenMpPolicy) {
  return {"isolate", "forbid", "allow"};
}

}  // namespace runner
