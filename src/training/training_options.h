#pragma once
// How a run trains, as the config says it. No libtorch here: the launcher checks these options.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/words.h"
#include "engines/adamw.h"
#include "losses/loss_options.h"

namespace runner::lvm {

enum class OptimizerType { adamw };
inline std::vector<std::string> words_of(OptimizerType) {
  return {"adamw"};
}

struct OptimizerOptions : AdamwOptions {
  OptimizerType type = OptimizerType::adamw;
  double clip_norm = 1.0;
};

enum class SchedulerType { reduce_on_plateau, warmup_cosine, none };
inline std::vector<std::string> words_of(SchedulerType) {
  return {"reduce_on_plateau", "warmup_cosine", "none"};
}

struct SchedulerOptions {
  SchedulerType type = SchedulerType::reduce_on_plateau;
  double factor = 0.5;
  std::int64_t patience = 3;
  double threshold = 1e-4, min_lr = 0;
  std::int64_t warmup_steps = 0;  // warmup_cosine: steps over which the rate rises to optimizer.lr
};

enum class GateAction { rollback, stop, warn };
inline std::vector<std::string> words_of(GateAction) {
  return {"rollback", "stop", "warn"};
}

struct GateOptions {
  std::optional<double> step_min_cosine;  // armed once the running mean of 100 steps has reached it
  std::int64_t step_patience = 1000;
  std::optional<double> epoch_max_drop;  // of the validation cosine from one epoch to the next
  GateAction action = GateAction::rollback;
  std::int64_t max_rollbacks = 2;
  std::int64_t warm_steps = 2000;  // after a roll-back: steps with the directional weight at 0
  std::optional<double> final_min_margin, final_min_cosine, final_min_gain, final_min_legacy_r5;
  bool any_final() const {
    return final_min_margin || final_min_cosine || final_min_gain || final_min_legacy_r5;
  }
};

enum class BadValueAction { stop, skip };
inline std::vector<std::string> words_of(BadValueAction) {
  return {"stop", "skip"};
}

struct HealthOptions {
  BadValueAction on_bad_value = BadValueAction::stop;  // NaN or Inf in loss or gradients
  std::int64_t max_skipped = 100;                      // then stop all the same
};

// What the model is compared with; copy_last, context_mean and weighted_mean always.
struct BaselineOptions {
  bool ridge = false;        // also ridge regression, whose fit takes seconds
  double ridge_lambda = 30;  // its penalty
};

// A figure of an epoch (EpochRecord); from r_at_1 on those that rank targets within their article.
enum class EarlyStopMetric {
  val_loss,
  val_cosine,
  gain,
  margin,
  r_at_1,
  r_at_5,
  new_r_at_1,
  new_r_at_5,
  new_mrr
};
inline std::vector<std::string> words_of(EarlyStopMetric) {
  return {"val_loss", "val_cosine", "gain",       "margin", "r_at_1",
          "r_at_5",   "new_r_at_1", "new_r_at_5", "new_mrr"};
}

struct EarlyStopOptions {
  std::optional<EarlyStopMetric> metric;
  std::int64_t patience = 5;
  double min_delta = 0;
};

struct CheckpointOptions {
  std::int64_t every_steps = 500;
  double every_minutes = 10;
  std::int64_t keep = 3;
};

// What the trainer itself needs to know.
struct TrainerOptions {
  std::int64_t seed = 42, epochs = 12, log_every = 50;
  std::int64_t batch_size = 32;   // rows of an update, of all ranks and pieces together
  std::int64_t max_steps = 0;     // 0: as many as the epochs have
  bool judge_final_gates = true;  // false when flags cut the run short of its config
  bool normalize = false;         // contexts and targets to length 1
  AugmentOptions augment;
  OptimizerOptions optimizer;
  SchedulerOptions scheduler;
  GateOptions gates;
  HealthOptions health;
  EarlyStopOptions early_stop;
  CheckpointOptions checkpoint;
};

}  // namespace runner::lvm
