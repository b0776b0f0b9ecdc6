#pragma once
// What a pipeline remembers of its steps, in its lock file, and what `runner run` and `runner plan` tell of
// them.

#include <optional>
#include <string>
#include <vector>

#include "contract/fields.h"
#include "contract/input_record.h"
#include "contract/worker_request.h"

namespace runner {

// What a step was made of. It is not done again as long as all of it is the same.
struct PipelineStepRecord {
  std::string job;
  std::string runner;               // the program's version
  Json values = Json::object();     // the configuration; of a key that names inputs, how many
  Json arguments = Json::object();  // flags that are no configuration
  std::vector<InputRecord> inputs;
  std::optional<InputRecord> output;  // nothing for a job without one; no hash until it is done
  std::string ended;                  // local time, ISO 8601 with zone; "" until it is done
  double seconds = 0;
  int exit_code = 0;  // 5: failed gates, which the pipeline allows

  static void fields(auto& self, auto& field) {
    field("job", self.job);
    field("runner", self.runner);
    field("values", self.values);
    field("arguments", self.arguments);
    field("inputs", self.inputs);
    field("output", self.output);
    field.unless_empty("ended", self.ended);
    field.unless_empty("seconds", self.seconds);
    field.unless_empty("exit_code", self.exit_code);
  }
};

struct PipelineRecord {
  NamedList<PipelineStepRecord> steps;       // done, the last time that each was
  NamedList<PipelineStepRecord> unfinished;  // begun since

  static void fields(auto& self, auto& field) {
    field("steps", self.steps);
    field.unless_empty("unfinished", self.unfinished);
  }
};

struct StepReport {
  std::string name, job;
  // unchanged, of a plan also: runs | waits (for others, whose outputs decide), of a run: done | failed |
  // interrupted | not run
  std::string state;
  std::vector<std::string> reasons;  // why it runs
  std::string command, output;
  std::optional<int> exit_code;  // nothing when it was not started
  double seconds = 0;

  static void fields(auto& self, auto& field) {
    field("name", self.name);
    field("job", self.job);
    field("state", self.state);
    field("reasons", self.reasons);
    field("command", self.command);
    field("output", self.output);
    field("exit_code", self.exit_code);
    field("seconds", self.seconds);
  }
};

struct PipelineReport {
  std::string pipeline, lock;
  std::vector<StepReport> steps;
  double seconds = 0;
  std::optional<ErrorRecord> error;  // of the first step that failed

  static void fields(auto& self, auto& field) {
    field("pipeline", self.pipeline);
    field("lock", self.lock);
    field("steps", self.steps);
    field("seconds", self.seconds);
    field.unless_empty("error", self.error);
  }
};

}  // namespace runner
