#pragma once
// Who speaks in the log: ranks other than 0 say errors only, each with rank and host.

#include "ranks/rank_place.h"

namespace runner::ranks {

// After setup_logging. RUNNER_LOG still decides the level where it is set.
void say_errors_only(const RankPlace& place);

}  // namespace runner::ranks
