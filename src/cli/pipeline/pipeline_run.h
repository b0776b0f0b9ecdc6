#pragma once
// A pipeline's steps, one after the other: which of them are to run, and running them.

#include <string>
#include <vector>

#include "cli/pipeline/contents.h"
#include "cli/pipeline/pipeline.h"
#include "cli/pipeline/state.h"

namespace runner::cli {

struct PipelineFlags {
  std::string config;
  std::vector<std::string> steps;  // these and what they come after; none: all
  bool force = false;              // the named steps (all, where none is) although nothing changed
  bool keep_going = false;         // steps that do not come after a failed one run
  bool dry_run = false, json = false, quiet = false, verbose = false;
};

class PipelineRun {
 public:
  // Throws UsageError for a step that is not there.
  PipelineRun(const Pipeline& pipeline, const PipelineFlags& flags);

  // What would run, and why; runs and writes nothing.
  PipelineReport plan();
  // Runs it. What has been done by a failure or an interruption is recorded, and the next run goes on there:
  // a training that was interrupted from its last checkpoint.
  PipelineReport run();

 private:
  struct Decision {
    StepCommand command;
    PipelineStepRecord record;         // as it would be, output not yet made
    std::vector<std::string> reasons;  // none: nothing is to be done
  };
  std::vector<std::size_t> chosen() const;
  bool forced(std::size_t step) const;
  StepOutputs outputs_now() const;
  // What changed; inputs count when `inputs_are_there`, and need not be there otherwise.
  Decision decide(std::size_t step, bool inputs_are_there);
  std::string objection_to_output(const PipelineStepRecord& done);
  // False when it was not done.
  bool run_step(std::size_t step, StepReport& report);
  void execute(std::size_t step, Decision& decision, StepReport& report);
  void record_end(std::size_t step, PipelineStepRecord record, StepReport& report);

  const Pipeline& pipeline_;
  const PipelineFlags& flags_;
  PipelineState state_;
  Contents contents_;
  int asked_ = 0;  // the signal that asked this process to stop
};

}  // namespace runner::cli
