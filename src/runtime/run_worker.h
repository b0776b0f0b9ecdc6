#pragma once
// Inside runtime/ only: one worker from its start to its end, with restarts.

#include "runtime/cpu_limits.h"
#include "runtime/launch.h"
#include "runtime/worker_request.h"

namespace runner::runtime {

struct WorkerPlan {
  JobContext context;
  std::string plugin;  // the file
  config::EnvironmentOptions options;
  Environment environment;  // decided
  Verbosity verbosity = Verbosity::normal;
  bool part = false;  // its outcome is taken, not printed
};

// The exit code that the launcher ends with; a crash has been explained, recorded and, with json, printed.
// For a part, `outcome` gets what the worker handed over.
int run_worker(const WorkerPlan& plan, WorkerOutcome* outcome = nullptr);

// Becomes the worker, without supervision.
[[noreturn]] void become_worker(const WorkerPlan& plan);

}  // namespace runner::runtime
