#pragma once
// What must be the same for a run to go on bit for bit, and what differs when it is not.

#include <string>
#include <vector>

#include "base/json.h"

namespace runner::jobs {

// The resolved configuration as key → text, without keys that cannot change a result (output, checkpoint, …).
Json comparable_config(const std::string& resolved_yaml);
// Threads, BLAS kernels, libtorch, CPU: what rounding depends on.
Json machine_record(const Json& launch);

struct Difference {
  std::string what;  // "train.epochs: 12, now 20"
  bool allowed;      // --allow-changed lets it pass
};
std::vector<Difference> differences(const Json& saved, const Json& now);
// Throws UsageError listing the differences that do not pass; warns of those that do.
void compare_identities(const Json& saved, const Json& now, bool allow_changed, const std::string& place);

}  // namespace runner::jobs
