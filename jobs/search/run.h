#pragma once

#include "contract/job.h"

namespace runner::jobs {
// Searches an index and writes the neighbours. Throws Error.
void run_search(const JobContext& context, JobResult& result);
}  // namespace runner::jobs
