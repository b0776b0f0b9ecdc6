#pragma once
// From a checked job to a finished worker: bootstrap, scan, fork + exec, supervision.

#include <filesystem>
#include <string>
#include <vector>

#include "base/log.h"
#include "config/common_options.h"
#include "contract/job.h"

namespace runner::runtime {

// A part of a job that can run alone, in a worker that loads only `plugin`. The plug-in is called with the
// whole context, its `job` unchanged, and arguments.part and arguments.exchange.
struct Part {
  std::string name;    // "torch"
  std::string plugin;  // "librunner_train"
};

struct LaunchRequest {
  JobContext context;  // goes to the worker; launch is filled in by launch_job
  std::string plugin;  // "librunner_train"
  std::vector<Part>
      parts;  // run one after the other when the policy keeps their libraries apart; may be empty
  bool apart =
      false;  // no plug-in does the whole job: its parts run in workers of their own whatever the policy
  std::filesystem::path exchange_beside;  // the parts' folder lies beside this file; "": in TMPDIR
  config::EnvironmentOptions environment;
  std::string device;  // requested; "" when the job has none
  Verbosity verbosity = Verbosity::normal;
  bool supervise = true;     // false: exec in place, for a debugger
  bool explain_env = false;  // print every environment decision and why, then go on
};

// Runs the job in a worker, or its parts in one worker each; returns the exit code that the launcher must end
// with. Throws Error before the start. Fills in context.launch.
int launch_job(const LaunchRequest& request);

}  // namespace runner::runtime
