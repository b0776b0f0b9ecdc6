#pragma once
// Before the first step ranks tell each other who they are; one that differs is refused by all.

#include <string>
#include <utility>
#include <vector>

#include "ranks/watch.h"

namespace runner::ranks {

// Waits until all ranks have come to the store. Throws RunError naming those that have not within `timeout`
// seconds.
void join(const RankPlace& place, c10d::Store& store, double timeout);

// What must be the same on all ranks: {"data", "9f3c…"}, in the order in which differences are told; but for
// {"gpu", …}, of which each must have its own, or "".
using Introduction = std::vector<std::pair<std::string, std::string>>;
// Throws UsageError naming each rank that differs from rank 0, its host, and in what; EnvironmentError naming
// those that share a GPU; RunError of `watch`.
void roll_call(const RankPlace& place, c10d::Store& store, Watch& watch, const Introduction& mine);

// RUNNER_RANK_SECRET as it is compared: never itself. "none" where it is not set.
std::string secret_digest();

}  // namespace runner::ranks
