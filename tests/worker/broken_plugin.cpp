// Needs a symbol that no library has.
#include "contract/job.h"

extern "C" void a_function_that_nobody_defines();

extern "C" void runner_plugin_run(const runner::JobContext&, runner::JobResult&) {
  a_function_that_nobody_defines();
}
