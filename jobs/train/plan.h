#pragma once

#include "contract/job.h"

namespace runner::jobs {
// runner plan, --dry-run: rows, steps, memory, disk and time; runs nothing.
void plan_train(const JobContext& context, JobResult& result);
}  // namespace runner::jobs
