#pragma once
// Everything a training run can be told. YAML keys and flags: options.cpp.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/binder.h"
#include "config/common_options.h"
#include "data/samples/target_offset.h"
#include "engines/engine_choice.h"
#include "losses/loss_options.h"
#include "models/model_options.h"
#include "ranks/wire.h"
#include "training/training_options.h"

namespace runner::jobs {

enum class SplitBy { article, random };
inline std::vector<std::string> words_of(SplitBy) {
  return {"article", "random"};
}

struct DataOptions {
  std::vector<std::string> vectors, sequences;  // one of the two
  std::int64_t context = 5;
  std::int64_t target_offset = data::p6_offset;
  bool within_article = true;
  std::vector<std::string> exclude_articles;
  std::int64_t min_article_length = 0;
  bool normalize = false;
  SplitBy split_by = SplitBy::article;
  double split_fraction = 0.1;
};

// What `runner plan --ranks N` assumes; a run does not read it.
struct RankPlanOptions {
  std::optional<double> link_gbit, latency_us;  // as measured between two GPUs here, else 10 and 50
  double overlap = 0.6;                         // the backward pass without its first part
};

struct TrainOptions : config::CommonOptions {
  std::int64_t seed = 42;
  std::string device = "auto";
  std::optional<bool> device_fallback;  // default: true for auto
  lvm::PrecisionChoice precision = lvm::PrecisionChoice::fitting;
  DataOptions data;
  lvm::ModelOptions model;
  lvm::AugmentOptions augment;
  lvm::LossOptions loss;
  lvm::OptimizerOptions optimizer;
  lvm::SchedulerOptions scheduler;
  std::int64_t epochs = 12, batch_size = 32;
  std::int64_t accumulate = 1;                // batches of a rank that make one update
  ranks::Wire gradients = ranks::Wire::fp32;  // as they travel between ranks
  RankPlanOptions plan;
  lvm::EngineChoice engine = lvm::EngineChoice::fitting;
  lvm::ProductsChoice products = lvm::ProductsChoice::fitting;
  std::int64_t log_every = 50;  // steps between lines of metrics.jsonl
  lvm::GateOptions gates;
  lvm::HealthOptions health;
  lvm::BaselineOptions baselines;
  lvm::EarlyStopOptions early_stop;
  lvm::CheckpointOptions checkpoint;
  std::string output = "artifacts/lvm/models/{name}_{timestamp}";
};

void declare(config::Binder& b, TrainOptions& o);
std::vector<config::Problem> check(const TrainOptions& o);
// How ready windows were cut, from the files.
std::vector<config::Problem> take_over(config::Binder& b, const TrainOptions& o);

}  // namespace runner::jobs
