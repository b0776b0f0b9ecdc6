#pragma once
// What a training run tells while it goes on: lines of metrics.jsonl, training_history.json, checkpoints.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/figures.h"
#include "contract/run_identity.h"

namespace runner {

// What a step's loss tells, and sums and means of it over rows.
struct LossFigures {
  double loss = 0, cosine = 0, loss_mse = 0, loss_dir = 0, rho = 0, confidence = 0;

  void add(const LossFigures& other, double weight) {
    loss += weight * other.loss;
    cosine += weight * other.cosine;
    loss_mse += weight * other.loss_mse;
    loss_dir += weight * other.loss_dir;
    rho += weight * other.rho;
    confidence += weight * other.confidence;
  }
  LossFigures over(double n) const {
    return {loss / n, cosine / n, loss_mse / n, loss_dir / n, rho / n, confidence / n};
  }

  static void fields(auto& self, auto& field) {
    field("loss", self.loss);
    field("cosine", self.cosine);
    terms(self, field);
  }
  static void terms(auto& self, auto& field) {
    field("loss_mse", self.loss_mse);
    field("loss_dir", self.loss_dir);
    field("rho", self.rho);
    field("confidence", self.confidence);
  }
};

// A step that train.log_every names.
struct StepRecord : LossFigures {
  std::int64_t step = 0, epoch = 0;  // from 1
  double gradient_norm = 0;          // before it was clipped
  double lr = 0, step_ms = 0;

  static void fields(auto& self, auto& field) {
    field("step", self.step);
    field("epoch", self.epoch);
    LossFigures::fields(self, field);
    field("gradient_norm", self.gradient_norm);
    field("lr", self.lr);
    field("step_ms", self.step_ms);
  }
};

// Means over the rows of an epoch, and the validation split's figures at its end.
struct EpochRecord : Figures {
  std::int64_t epoch = 0, step = 0;  // from 1
  LossFigures train;
  double gain = 0;  // of the cosine over the best baseline's
  double lr = 0;    // from here on
  // Of the steps that this process has taken, the first one apart; empty without any.
  std::optional<double> step_ms, samples_per_second, first_step_ms;
  double rss_mb = 0;
  double validation_s = 0;
  std::optional<std::int64_t> rolled_back_to_step;

  static void fields(auto& self, auto& field) {
    field("epoch", self.epoch);
    field("step", self.step);
    field("train_loss", self.train.loss);
    field("train_cosine", self.train.cosine);
    LossFigures::terms(self.train, field);
    Figures::fields(self, field);
    field("gain", self.gain);
    field("lr", self.lr);
    field("step_ms", self.step_ms);
    field("samples_per_second", self.samples_per_second);
    field("first_step_ms", self.first_step_ms);
    field("rss_mb", self.rss_mb);
    field("validation_s", self.validation_s);
    field.unless_empty("rolled_back_to_step", self.rolled_back_to_step);
  }
};

// Something out of the ordinary: a gate that tripped, a batch with NaN.
struct EventRecord {
  std::int64_t step = 0, epoch = 0;  // from 1
  std::string what;
  std::vector<std::int64_t> rows;  // of the data that it is about

  static void fields(auto& self, auto& field) {
    field("step", self.step);
    field("epoch", self.epoch);
    field("what", self.what);
    field.unless_empty("rows", self.rows);
  }
};

// A configured final gate.
struct GateRecord {
  double value = 0, limit = 0;
  bool passed = false;

  static void fields(auto& self, auto& field) {
    field("value", self.value);
    field("limit", self.limit);
    field("passed", self.passed);
  }
};

// training_history.json.
struct TrainingHistory {
  std::vector<EpochRecord> history;
  std::vector<EventRecord> events;
  BaselineFigures baselines;

  static void fields(auto& self, auto& field) {
    field("history", self.history);
    field("events", self.events);
    BaselineFigures::fields(self.baselines, field);
  }
};

// The network of a run.
struct ModelFacts {
  std::string type;   // "transformer"
  std::string sizes;  // "4 layers of 512, 8 heads"
  std::int64_t parameters = 0, bytes = 0;

  static void fields(auto& self, auto& field) {
    field("type", self.type);
    field("sizes", self.sizes);
    field("parameters", self.parameters);
    field("bytes", self.bytes);
  }
};

// What --json and manifest.json tell of a run.
struct TrainingResult {
  std::string output;
  std::string config;  // its name
  DataRecord data;
  ModelFacts model;
  std::int64_t threads = 0;
  std::string openmp;               // the verdict on what was loaded
  std::optional<EpochRecord> best;  // the epoch whose model is kept
  std::uint64_t checkpoint_bytes = 0;
  std::vector<std::string> next;  // commands that go on from here
  std::optional<double> best_val_loss;
  double best_val_cosine = 0;
  std::int64_t epochs = 0, steps = 0;
  std::optional<double> samples_per_second, step_ms, first_step_ms;
  std::string device, precision, engine;
  std::optional<std::string> products, products_reason;  // of an engine that has a choice
  double wall_s = 0;
  double rss_mb = 0;
  std::int64_t rollbacks = 0, skipped_batches = 0;
  std::string outcome;  // "finished", "stopped early", "gate failed", "finished already"
  std::int64_t ranks = 1;
  std::optional<double> waited_share,
      summing_share;  // of the time of steps: waits for other ranks, sums of gradients
  NamedList<GateRecord> gates;
  double gain = 0;
  BaselineFigures baselines;
  std::optional<std::string> advice;  // that the model is worse than its baselines

  static void fields(auto& self, auto& field) {
    field("output", self.output);
    field("config", self.config);
    field("data", self.data);
    field("model", self.model);
    field("threads", self.threads);
    field("openmp", self.openmp);
    field("best_val_loss", self.best_val_loss);
    field("best_val_cosine", self.best_val_cosine);
    field("epochs", self.epochs);
    field("steps", self.steps);
    field("samples_per_second", self.samples_per_second);
    field("step_ms", self.step_ms);
    field("first_step_ms", self.first_step_ms);
    field("device", self.device);
    field("precision", self.precision);
    field("engine", self.engine);
    field("products", self.products);
    field("products_reason", self.products_reason);
    field("wall_s", self.wall_s);
    field("rss_mb", self.rss_mb);
    field("rollbacks", self.rollbacks);
    field("skipped_batches", self.skipped_batches);
    field("outcome", self.outcome);
    field("ranks", self.ranks);
    field.unless_empty("waited_share", self.waited_share);
    field.unless_empty("summing_share", self.summing_share);
    field.unless_empty("gates", self.gates);
    field("gain", self.gain);
    BaselineFigures::fields(self.baselines, field);
    field("best", self.best);
    field("checkpoint_bytes", self.checkpoint_bytes);
    field("advice", self.advice);
    field("next", self.next);
  }
};

}  // namespace runner
