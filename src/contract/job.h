#pragma once
// What a plug-in gets and gives. The worker dlopens one plug-in and calls its runner_plugin_run.

#include <string>

#include "base/json.h"
#include "contract/arguments.h"
#include "contract/fields.h"
#include "contract/launch_record.h"

namespace runner {

struct JobContext {
  std::string job;               // "train", "index", …: which of the plug-in's jobs
  Json values = Json::object();  // the resolved configuration, every key: {"train.batch_size": 32, …}
  // The same as YAML for people, who may read it or run it again: for manifests, and with each value's origin
  // as a comment for a run's config.yaml.
  std::string config, config_with_origins;
  Arguments arguments;
  LaunchRecord launch;
  bool json = false;  // the caller wants one JSON object as the last line of stdout

  static void fields(auto& self, auto& field) {
    field("job", self.job);
    field("values", self.values);
    field("config", self.config);
    field("config_with_origins", self.config_with_origins);
    field("arguments", self.arguments);
    field("launch", self.launch);
    field("json", self.json);
  }
};

// A job's outcome: the object that --json prints, and the exit code. Errors are thrown (base/error.h).
struct JobResult {
  Json result = Json::object();
  int exit_code = 0;
  std::string summary;  // for people: what was made and where, printed to stdout without --json

  static void fields(auto& self, auto& field) {
    field("result", self.result);
    field("exit_code", self.exit_code);
    field("summary", self.summary);
  }
};

}  // namespace runner

// Every plug-in defines exactly this. Throws runner::Error.
extern "C" __attribute__((visibility("default"))) void runner_plugin_run(const runner::JobContext& context,
                                                                         runner::JobResult& result);
