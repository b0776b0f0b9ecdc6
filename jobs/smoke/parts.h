#pragma once
// The two halves of the smoke job. Each needs one library only, so that the launcher can run them in two
// workers where the libraries' OpenMP runtimes must not meet (environment.openmp: isolate).

#include "contract/job.h"
#include "contract/smoke_result.h"
#include "jobs/smoke/options.h"

namespace runner::jobs {

// Builds an IndexFlatIP of 100 unit vectors of 768 floats and searches it with the same vectors: each must
// find itself first with score 1. Throws EnvironmentError when a result is wrong or FAISS fails.
FaissFindings smoke_faiss();

// Trains Linear(768, 768) with Adam for `steps` steps on one fixed batch, a line a step to stdout (stderr
// with `json`). Throws EnvironmentError when the loss is not finite, does not fall, or libtorch fails.
TorchFindings smoke_torch(const SmokeOptions& options, bool json);

// Entry points of the plug-ins for context.job == "smoke": both halves in this worker (librunner_smoke), or
// the half that arguments.part names: "faiss" (librunner_index), "torch" (librunner_train). Of two
// workers the first leaves what it found in the folder arguments.exchange, and the second reports both.
void run_smoke(const JobContext& context, JobResult& result);
void run_smoke_faiss(const JobContext& context, JobResult& result);
void run_smoke_torch(const JobContext& context, JobResult& result);

}  // namespace runner::jobs
