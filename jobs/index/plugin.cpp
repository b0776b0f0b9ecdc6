// librunner_index: the jobs that need FAISS and not libtorch.
#include "base/error.h"
#include "jobs/index/plan.h"
#include "jobs/index/run.h"
#include "jobs/predict/neighbours.h"
#include "jobs/search/run.h"
#include "jobs/sequences/run.h"
#include "jobs/smoke/faiss_part.h"

extern "C" void runner_plugin_run(const runner::JobContext& context, runner::JobResult& result) {
  using namespace runner::jobs;
  if (context.job == "index" && context.arguments.dry_run) return plan_index(context, result);
  if (context.job == "index") return run_index(context, result);
  if (context.job == "predict") return run_predict_neighbours(context, result);
  if (context.job == "search") return run_search(context, result);
  if (context.job == "sequences") return run_sequences(context, result);
  if (context.job == "smoke") return run_smoke_faiss(context, result);
  throw runner::UsageError("librunner_index has no job " + context.job);
}
