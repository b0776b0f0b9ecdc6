#pragma once

#include "contract/job.h"

namespace runner::jobs {
// runner train: everything from the resolved configuration to the run's folder.
void run_train(const JobContext& context, JobResult& result);
}  // namespace runner::jobs
