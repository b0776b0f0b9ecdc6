#pragma once

#include "contract/job.h"

namespace runner::jobs {
// runner plan, --dry-run: what run_index would read, need and write.
void plan_index(const JobContext& context, JobResult& result);
}  // namespace runner::jobs
