#pragma once
#include "contract/job.h"

namespace runner::jobs {

// runner predict without an index, or its first half: every context's prediction by libtorch
// (librunner_train). As a part it leaves predictions and what it found in the folder
// arguments.exchange.
void run_predict(const JobContext& context, JobResult& result);
// The second half: the nearest rows of the index, and the output (librunner_index).
void run_predict_neighbours(const JobContext& context, JobResult& result);
// runner plan, --dry-run.
void plan_predict(const JobContext& context, JobResult& result);

}  // namespace runner::jobs
