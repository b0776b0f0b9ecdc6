// librunner_smoke: the only plug-in that loads libtorch and FAISS into one process.
#include "jobs/smoke/run.h"

extern "C" void runner_plugin_run(const runner::JobContext& context, runner::JobResult& result) {
  runner::jobs::run_smoke(context, result);
}
