#pragma once
// What must be the same for a run to go on bit for bit, and what differs when it is not.

#include <string>
#include <vector>

#include "contract/launch_record.h"
#include "contract/run_identity.h"

namespace runner::jobs {

// The resolved configuration without keys that cannot change a result (output, checkpoint, …).
NamedList<std::string> comparable_config(const Json& config);
// Threads, BLAS kernels, libtorch, CPU; not engine, precision and device.
MachineRecord machine_record(const LaunchRecord& launch);

// The same without where data lies: the same bytes from another place are the same data.
RunIdentity without_places(RunIdentity identity);

struct Difference {
  std::string what;  // "train.epochs: 12, now 20"
  bool allowed;      // --allow-changed lets it pass
};
std::vector<Difference> differences(const RunIdentity& saved, const RunIdentity& now);
// Throws UsageError listing the differences that do not pass; warns of those that do.
void compare_identities(const RunIdentity& saved, const RunIdentity& now, bool allow_changed,
                        const std::string& place);

}  // namespace runner::jobs
