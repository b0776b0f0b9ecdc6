#pragma once
// What a plug-in gets and gives. The worker dlopens one plug-in and calls its runner_plugin_run.

#include <string>

#include "base/json.h"

namespace runner {

struct JobContext {
  std::string job;     // "train", "index", …: which of the plug-in's jobs
  std::string config;  // the resolved configuration as YAML, complete: every key present
  std::string
      config_with_origins;  // the same with each value's origin as a comment, for the run's config.yaml
  Json arguments =
      Json::object();  // what is not configuration: {"resume": "auto", "max_steps": 100, …}; an object
  Json launch = Json::object();  // for the manifest: environment decisions, scan, command line
  bool json = false;             // the caller wants one JSON object as the last line of stdout
};

// A job's outcome: the object that --json prints, and the exit code. Errors are thrown (base/error.h).
struct JobResult {
  Json result = Json::object();
  int exit_code = 0;
  std::string summary;  // for people: what was made and where, printed to stdout without --json
};

}  // namespace runner

// Every plug-in defines exactly this. Throws runner::Error.
extern "C" __attribute__((visibility("default"))) void runner_plugin_run(const runner::JobContext& context,
                                                                         runner::JobResult& result);
