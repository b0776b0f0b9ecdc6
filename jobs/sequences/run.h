#pragma once

#include "contract/job.h"

namespace runner::jobs {
// Writes training sequences: windows, neighbours, or sequences converted. Throws Error.
void run_sequences(const JobContext& context, JobResult& result);
}  // namespace runner::jobs
