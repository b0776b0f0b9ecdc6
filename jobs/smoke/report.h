#pragma once
// What the smoke job says at its end, from one worker or from two.

#include "contract/job.h"
#include "contract/smoke_result.h"

namespace runner::jobs {

// Of two workers the first leaves its findings in the exchange folder, the second takes them in and reports
// both. Adds the OpenMP runtimes that this process has loaded, and `smoke: passed` once both halves are
// there.
void finish_smoke(const JobContext& context, SmokeResult findings, JobResult& result);

}  // namespace runner::jobs
