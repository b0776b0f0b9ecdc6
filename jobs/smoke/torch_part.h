#pragma once

#include "contract/job.h"
#include "contract/smoke_result.h"
#include "jobs/smoke/options.h"

namespace runner::jobs {

// Trains Linear(768, 768) with Adam for `steps` steps on one fixed batch, a line a step to stdout (stderr
// with `json`). Throws EnvironmentError when the loss is not finite, does not fall, or libtorch fails.
TorchFindings smoke_torch(const SmokeOptions& options, bool json);

// The half "torch" in a worker of its own (librunner_train). Of two workers the first leaves what it found in
// the folder arguments.exchange, and the second reports both.
void run_smoke_torch(const JobContext& context, JobResult& result);

}  // namespace runner::jobs
