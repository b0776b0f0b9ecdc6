#pragma once
// Inside runtime/ only: a job's parts, each in a worker of its own.

#include "worker/launch/run_worker.h"

namespace runner::runtime {

// Runs the parts in their order; `plan` without plug-in. The first that fails ends the job. Prints the merged
// result. `exchange_beside`: as in LaunchRequest.
int run_parts(const WorkerPlan& plan, const std::vector<Part>& parts,
              const std::filesystem::path& exchange_beside = {});

// One result from all parts': objects merged key by key, lists joined, the later part's value for anything
// else; each line of the summaries once.
JobResult merge(const std::vector<JobResult>& results);

}  // namespace runner::runtime
