#pragma once
// The training run: epochs of steps, validation, scheduler, gates, checkpoints, files. Read run() top down.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/samples/samples.h"
#include "data/samples/split.h"
#include "engines/step.h"
#include "ranks/group.h"
#include "training/background_task.h"
#include "training/baselines/baselines.h"
#include "training/batches.h"
#include "training/files/checkpoint.h"
#include "training/files/run_files.h"
#include "training/trainer_state.h"
#include "training/training_options.h"
#include "training/validation.h"

namespace runner {
class Progress;
}

namespace runner::lvm {

// What a run is built from; assembled by the job.
struct TrainerParts {
  TrainerOptions options;
  std::shared_ptr<const data::SampleSource> samples;
  std::function<void()> check_inputs = [] {};  // before anything is written that depends on them: may throw
  data::Split split;
  std::unique_ptr<TrainingStep> step;
  torch::Device device = torch::kCPU;
  BaselineFigures baselines;
  RunFiles* files = nullptr;            // null on ranks other than 0: they write nothing
  std::shared_ptr<ranks::Group> group;  // the step's; null: this process alone
  std::string resume_line;              // what goes on with this run, told when it is stopped
  RunIdentity identity;                 // what a resume compares
  Json model_record = Json::object();   // goes into config.json: context, target_offset, …
};

struct TrainerResult {
  std::string outcome;  // "finished", "stopped early", "gate failed"
  NamedList<GateRecord> final_gates;
  bool gates_passed = true;
  std::optional<double> samples_per_second, step_ms, first_step_ms;  // empty: no step was left to time
  std::optional<double> waited_share,
      summing_share;  // of the time of steps: waits for other ranks, sums of gradients
  double wall_s = 0;
};

class Trainer {
 public:
  explicit Trainer(TrainerParts parts);

  // A checkpoint's contents, read by rank 0, for all ranks.
  Checkpoint read_for_all(const std::filesystem::path& folder);
  // Goes on from a checkpoint's contents (their identity was compared before).
  void restore(const Checkpoint& checkpoint);
  // Trains to the end. Throws Interrupted (saved), GateError (every file written), DataError, RunError.
  TrainerResult run();

  const TrainerState& state() const { return state_; }
  TrainingHistory history() const;

 private:
  using Clock = std::chrono::steady_clock;

  // trainer.cpp
  void train_epoch(Progress& progress);
  bool out_of_steps() const;
  std::int64_t batches_per_epoch() const;
  std::int64_t last_step() const;                    // of the run
  std::int64_t samples_at(std::int64_t step) const;  // trained on when so many steps are done
  StepRecord one_step(const std::vector<std::int64_t>& order);
  void after_step(const StepRecord& figures, Progress& progress);
  void end_epoch();
  void tell_epoch(const EpochRecord& epoch, bool best);
  double end_work_left() const;
  void finish(TrainerResult& result);
  bool early_stop(const EpochRecord& epoch);
  void stop_if_asked();
  bool writes() const { return parts_.files != nullptr; }
  // trainer_health.cpp
  void bad_value(const StepOutput& output, const std::int64_t* ids, std::int64_t count);
  void tripped(const std::string& gate, const std::string& why);
  [[noreturn]] void stop_at_gate(const std::string& why);
  void roll_back(const std::string& why);
  void add_event(const std::string& what, std::vector<std::int64_t> rows = {});
  // trainer_checkpoints.cpp
  Snapshot snapshot();
  void load(const Checkpoint& checkpoint, bool with_position);
  void save_checkpoint(bool wait);
  // Starts the writing of step-N from a copy already taken.
  void write_step_checkpoint(std::shared_ptr<Checkpoint> checkpoint);
  void save_best(const EpochRecord& epoch);
  std::vector<float> best_weights();
  void write_model_files();
  bool checkpoint_due() const;
  ModelRecord record_of_last_epoch() const;
  // Of the steps that this process has taken, the first one apart; empty without any.
  std::optional<double> samples_per_second() const;
  std::optional<double> step_ms() const;
  std::optional<double> first_step_ms() const;

  TrainerParts parts_;
  TrainerState state_;
  Validator validator_;
  Batches batches_;
  BackgroundTask writer_;
  Clock::time_point started_, last_checkpoint_;
  bool told_epochs_ = false;  // their heading stands above
  double end_s_ = 0;          // that the last epoch took behind its steps: validation and files
  bool ended_well_ = false;   // all epochs, and the final gates passed: the last checkpoint is enough
  std::int64_t steps_here_ = 0, rows_here_ = 0;  // of this process, without the first step
  double seconds_here_ = 0, first_step_ms_ = 0;
  ranks::Group::Times exchange_here_;  // of the same steps
};

}  // namespace runner::lvm
