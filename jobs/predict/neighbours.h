#pragma once
// FAISS's half of predict, in librunner_index.

#include "contract/job.h"

namespace runner::jobs {

// The second half: the nearest rows of the index, and the output.
void run_predict_neighbours(const JobContext& context, JobResult& result);

}  // namespace runner::jobs
