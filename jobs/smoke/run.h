#pragma once
// FAISS and libtorch, a little of each. Each half stands alone so that the launcher can run them in two
// workers where the libraries' OpenMP runtimes must not meet (environment.openmp: isolate).

#include "contract/job.h"

namespace runner::jobs {

// Entry point of librunner_smoke for context.job == "smoke": both halves in this worker, or the half that
// arguments.part names: "faiss", "torch".
void run_smoke(const JobContext& context, JobResult& result);

}  // namespace runner::jobs
