#pragma once

#include "contract/job.h"

namespace runner::jobs {
// Builds, verifies and publishes an index, or rolls back to the version before. Throws Error.
void run_index(const JobContext& context, JobResult& result);
// What run_index would read, need and write.
void plan_index(const JobContext& context, JobResult& result);
}  // namespace runner::jobs
