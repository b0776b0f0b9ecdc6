#pragma once
// libtorch's half of predict, in librunner_train.

#include "contract/job.h"

namespace runner::jobs {

// runner predict without an index, or its first half: every context's prediction by libtorch. As a part it
// leaves predictions and what it found in the folder arguments.exchange.
void run_predict(const JobContext& context, JobResult& result);
// runner plan, --dry-run.
void plan_predict(const JobContext& context, JobResult& result);

}  // namespace runner::jobs
