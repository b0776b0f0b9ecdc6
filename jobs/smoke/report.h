#pragma once
// What the smoke job says at its end, from one worker or from two.

#include "base/job.h"
#include "base/json.h"

namespace runner::jobs {

// Leaves this worker's findings for the other part in the exchange folder, and takes in what is already
// there. Nothing happens when the job runs as a whole.
void hand_over(const JobContext& context, Json& findings);

// Adds the OpenMP runtimes that this process has loaded, the verdict in words, and `smoke: passed` once both
// halves are there.
void finish_smoke(const JobContext& context, JobResult& result);

}  // namespace runner::jobs
