// librunner_train: the jobs that need libtorch and not FAISS.
#include "base/error.h"
#include "jobs/eval/run.h"
#include "jobs/predict/predictions.h"
#include "jobs/smoke/torch_part.h"
#include "jobs/train/plan.h"
#include "jobs/train/run.h"

extern "C" void runner_plugin_run(const runner::JobContext& context, runner::JobResult& result) {
  using namespace runner::jobs;
  if (context.job == "train" && context.arguments.dry_run) return plan_train(context, result);
  if (context.job == "train") return run_train(context, result);
  if (context.job == "eval") return run_eval(context, result);
  if (context.job == "predict") return run_predict(context, result);
  if (context.job == "smoke") return run_smoke_torch(context, result);
  throw runner::UsageError("librunner_train has no job " + context.job);
}
