#pragma once
// One step of a pipeline as the command that it is: its words, what it reads and what it writes.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/pipeline/options.h"

namespace runner::cli {

struct StepCommand {
  const jobs::JobType* type = nullptr;
  std::vector<std::string> words;  // behind `runner`
  std::string output;              // {timestamp} is not filled in; "" for a job without one
  std::vector<std::string> inputs;
  Json values, arguments;  // as PipelineStepRecord has them
  bool can_resume = false;
};

// Outputs of steps by the steps' names.
using StepOutputs = std::map<std::string, std::string>;

// As the command itself would read it, but that `will_be_there` says which inputs need not exist yet, and
// none is opened. Throws UsageError with all mistakes, those of `set` and `flags` at their places in the
// pipeline's file.
StepCommand resolve_step(const PipelineStep& step, const StepOutputs& outputs,
                         const config::WillBeThere& will_be_there);

// Whether `path` is what the step makes, or lies in it: its output, and the link `latest` beside the folder
// of a run.
bool makes(const StepCommand& step, const std::string& path);
bool same_output(const StepCommand& a, const StepCommand& b);

}  // namespace runner::cli
