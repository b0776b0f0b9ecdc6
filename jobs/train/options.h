#pragma once
// Everything a training run can be told. YAML keys and flags: options.cpp.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/binder.h"
#include "config/common_options.h"
#include "lvm/loss_options.h"
#include "lvm/model_options.h"

namespace runner::jobs {

struct DataOptions {
  std::vector<std::string> vectors, sequences;  // one of the two
  std::int64_t context = 5;
  std::int64_t target_offset = 2;
  bool within_article = true;
  std::vector<std::string> exclude_articles;
  std::int64_t min_article_length = 0;
  bool normalize = false;
  std::string split_by = "article";  // article | random
  double split_fraction = 0.1;
};

struct OptimizerOptions {
  std::string type = "adamw";
  double lr = 5e-4, weight_decay = 0.01, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, clip_norm = 1.0;
};

struct SchedulerOptions {
  std::string type = "reduce_on_plateau";  // reduce_on_plateau | none
  double factor = 0.5;
  std::int64_t patience = 3;
  double threshold = 1e-4, min_lr = 0;
};

struct GateOptions {
  std::optional<double> step_min_cosine;  // armed once the running mean of 100 steps has reached it
  std::int64_t step_patience = 1000;
  std::optional<double> epoch_max_drop;  // of the validation cosine from one epoch to the next
  std::string action = "rollback";       // rollback | stop | warn
  std::int64_t max_rollbacks = 2;
  std::int64_t warm_steps = 2000;  // after a roll-back: steps with the directional weight at 0
  std::optional<double> final_min_margin, final_min_cosine, final_min_legacy_r5;
  bool any_final() const { return final_min_margin || final_min_cosine || final_min_legacy_r5; }
};

struct HealthOptions {
  std::string on_bad_value = "stop";  // stop | skip: NaN or Inf in loss or gradients
  std::int64_t max_skipped = 100;     // then stop all the same
};

struct EarlyStopOptions {
  std::optional<std::string> metric;  // val_loss | val_cosine | margin | r_at_1 | r_at_5
  std::int64_t patience = 5;
  double min_delta = 0;
};

struct CheckpointOptions {
  std::int64_t every_steps = 500;
  double every_minutes = 10;
  std::int64_t keep = 3;
};

struct TrainOptions : config::CommonOptions {
  std::int64_t seed = 42;
  std::string device = "auto";
  std::optional<bool> device_fallback;  // default: true for auto
  std::string precision = "auto";       // fp32 | bf16 | auto
  DataOptions data;
  lvm::ModelOptions model;
  lvm::AugmentOptions augment;
  lvm::LossOptions loss;
  OptimizerOptions optimizer;
  SchedulerOptions scheduler;
  std::int64_t epochs = 12, batch_size = 32;
  std::string engine = "auto";  // auto | plain | fused
  std::int64_t log_every = 50;  // steps between lines of metrics.jsonl
  GateOptions gates;
  HealthOptions health;
  EarlyStopOptions early_stop;
  CheckpointOptions checkpoint;
  std::string output = "artifacts/lvm/models/{name}_{timestamp}";
};

void declare(config::Binder& b, TrainOptions& o);
std::vector<config::Problem> check(const TrainOptions& o);

}  // namespace runner::jobs
