#pragma once
// runner runs verify and clean: are a run's files what its manifest tells; and old runs that go.

#include <string>
#include <vector>

#include "cli/runs/past_run.h"

namespace runner::cli {

struct Finding {
  std::string file, what;  // "ok", "changed: …", "missing"
  bool good = false;
};
// Hashes every input again, and looks at the files that the run wrote.
std::vector<Finding> verify_run(const PastRun& run);

// Of training runs (and nothing else) below `folder` those that are older than the newest `keep` of their
// name. A run that is going on, and the one that a `latest` points to, always stay.
std::vector<PastRun> runs_to_remove(const std::filesystem::path& folder, std::size_t keep);
// What the run wrote; a foreign file in its folder stays, and so the folder. Returns the bytes that are
// freed. Throws RunError.
std::uintmax_t remove_run(const PastRun& run, bool dry_run);

}  // namespace runner::cli
