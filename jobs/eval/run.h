#pragma once
#include "contract/job.h"

namespace runner::jobs {

// The eval job: 5CAT of a model, a table, a JSON report; exit code 5 when a gate fails.
void run_eval(const JobContext& context, JobResult& result);

}  // namespace runner::jobs
