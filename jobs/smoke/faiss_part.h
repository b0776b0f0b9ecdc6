#pragma once

#include "contract/job.h"
#include "contract/smoke_result.h"

namespace runner::jobs {

// Builds an IndexFlatIP of 100 unit vectors of 768 floats and searches it with the same vectors: each must
// find itself first with score 1. Throws EnvironmentError when a result is wrong or FAISS fails.
FaissFindings smoke_faiss();

// The half "faiss" in a worker of its own (librunner_index). Of two workers the first leaves what it found in
// the folder arguments.exchange, and the second reports both.
void run_smoke_faiss(const JobContext& context, JobResult& result);

}  // namespace runner::jobs
