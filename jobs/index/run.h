#pragma once

#include "contract/job.h"

namespace runner::jobs {
// Builds, verifies and publishes an index, or rolls back to the version before. Throws Error.
void run_index(const JobContext& context, JobResult& result);
}  // namespace runner::jobs
