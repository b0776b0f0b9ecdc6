#pragma once
// Inside runtime/ only: one worker from its start to its end, with restarts.

#include "environment/cpu_limits.h"
#include "worker/launch/launch.h"
#include "worker/launch/worker_request.h"

namespace runner::runtime {

struct WorkerPlan {
  JobContext context;
  std::string plugin;  // the file
  config::EnvironmentOptions options;
  Environment environment;  // decided
  Verbosity verbosity = Verbosity::normal;
};

// The exit code that the launcher ends with. However the worker ended, that is said: its outcome is printed,
// or goes to `taken`; an end without one is explained, recorded in the run's manifest and, with json, an
// error object.
int run_worker(const WorkerPlan& plan, WorkerOutcome* taken = nullptr);

// Becomes the worker, without supervision.
[[noreturn]] void become_worker(const WorkerPlan& plan);

}  // namespace runner::runtime
