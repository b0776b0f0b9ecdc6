#pragma once
// runner plan CONFIG --ranks N: what more ranks would bring, from a step and a sum of gradients measured
// here.

#include "contract/job.h"
#include "jobs/train/inputs.h"
#include "jobs/train/options.h"

namespace runner::jobs {

// Adds `ranks_forecast` (a row each for 1, 2, 4, … N), `ranks_measured` and `ranks_assumed` to the result,
// and a table to the summary. threads: that compute a step. Takes some seconds.
void plan_ranks(const TrainOptions& options, const TrainInputs& inputs, double parameters, int threads,
                int ranks, JobResult& result);

// Seconds of a step of `ranks` ranks whose own work takes `step_s` alone, and `shared_s` more for the rows of
// each other. All have a link of `bytes_per_s` each way; `overlap`: the share of the step beside which
// gradients travel. `busy_s`: what a rank computes to exchange all gradients with one other (copying, the
// network's protocol, adding), on the `cores` that compute the step.
struct RankCosts {
  double step_s = 0, shared_s = 0, busy_s = 0;
  int cores = 1;
  double gradient_bytes = 0, prediction_bytes = 0;  // of one rank
  double bytes_per_s = 0, latency_s = 0, overlap = 0;
};
struct RankForecast {
  double step_s = 0, exchange_s = 0;
};
RankForecast forecast(const RankCosts& costs, int ranks);

}  // namespace runner::jobs
