#include "jobs/train/options.h"
#include "jobs/device_keys.h"

#include "jobs/window_keys.h"

namespace runner::jobs {
namespace {

constexpr double huge = 1e15;

void declare_data(config::Binder& b, DataOptions& o) {
  b.option("data.vectors", o.vectors, "vectors file(s), .npz or .npy, one after the other")
      .existing_file()
      .flag("--npz")
      .replaces("data.sequences")
      .also_called({"data", "train_data", "input", "vectors_file"});
  b.option("data.sequences", o.sequences, "files of ready windows, in place of data.vectors").existing_file();
  b.one_of({"data.vectors", "data.sequences"});
  b.option("data.context", o.context, "vectors a context").range(1, 100);
  b.option("data.target_offset", o.target_offset, "the target is this many rows after the last; 2 is P6")
      .range(1, 1000);
  b.option("data.within_article", o.within_article, "windows stay inside one article");
  b.option("data.exclude_articles", o.exclude_articles, "articles left out: \"1500-1999\" or \"7\"");
  b.option("data.min_article_length", o.min_article_length, "shorter articles are left out").range(0, huge);
  b.option("data.normalize", o.normalize, "bring vectors to length 1 as they are read");
  b.option("data.validation.by", o.split_by, "what is split: articles, or windows at random");
  b.option("data.validation.fraction", o.split_fraction, "share that validates").range(1e-6, 0.9);
}

void declare_optimizer(config::Binder& b, TrainOptions& o) {
  auto& p = o.optimizer;
  b.option("optimizer.type", p.type, "the optimizer");
  b.option("optimizer.lr", p.lr, "learning rate").above(0).flag("--lr").also_called({"learning_rate"});
  b.option("optimizer.weight_decay", p.weight_decay, "decoupled, on every parameter").range(0, 1e3);
  b.option("optimizer.beta1", p.beta1, "decay of the first moment").range(0, 0.999999);
  b.option("optimizer.beta2", p.beta2, "decay of the second moment").range(0, 0.9999999);
  b.option("optimizer.eps", p.eps, "added to the root of the second moment").above(0);
  b.option("optimizer.clip_norm", p.clip_norm, "highest norm of all gradients together; 0: no clipping")
      .range(0, huge);
  auto& s = o.scheduler;
  b.option("scheduler.type", s.type, "how the learning rate changes");
  b.option("scheduler.factor", s.factor, "the rate is multiplied by it").range(1e-6, 0.999999);
  b.option("scheduler.patience", s.patience, "epochs without a better validation loss").range(0, huge);
  b.option("scheduler.threshold", s.threshold, "relative improvement that counts").range(0, 1);
  b.option("scheduler.min_lr", s.min_lr, "the rate is never lowered below").range(0, 1);
  b.option("scheduler.warmup_steps", s.warmup_steps,
           "warmup_cosine: steps over which the rate rises; then it falls along a cosine to the last step")
      .range(0, huge);
}

void declare_train(config::Binder& b, TrainOptions& o) {
  b.option("train.epochs", o.epochs, "passes over the training windows")
      .range(1, 1e6)
      .flag("--epochs")
      .also_called({"num_epochs", "n_epochs", "max_epochs"});
  b.option("train.batch_size", o.batch_size, "windows a step, of each rank")
      .range(1, 1 << 20)
      .flag("--batch-size")
      .also_called({"bs", "train_batch_size"});
  b.option("train.accumulate", o.accumulate,
           "batches that a rank computes one after the other for one update: as one batch, in the memory of "
           "a part")
      .range(1, 1 << 16);
  b.option("train.gradients", o.gradients,
           "gradients as ranks send them to each other; bf16: half the bytes");
  b.option("plan.link_gbit", o.plan.link_gbit,
           "runner plan --ranks: each rank's link, Gbit/s (default 10; GPUs of this machine: as measured)")
      .above(0);
  b.option("plan.latency_us", o.plan.latency_us,
           "runner plan --ranks: of a message, microseconds (default 50; GPUs of this machine: as measured)")
      .range(0, 1e9);
  b.option("plan.overlap", o.plan.overlap,
           "runner plan --ranks: share of a step beside which gradients travel")
      .range(0, 1);
  b.option(
      "train.engine", o.engine,
      "fused: own CPU kernels (transformer), or on CUDA one graph a step; plain: libtorch; auto: what fits");
  b.option("train.products", o.products,
           "fp32 products of the CPU engine: own kernels, or the blas of this system (Accelerate, OpenBLAS); "
           "auto: own, on arm64 what is faster");
  b.option("train.log_every", o.log_every, "steps between lines of metrics.jsonl").range(1, huge);
}

void declare_gates(config::Binder& b, TrainOptions& o) {
  auto& g = o.gates;
  b.option("gates.step.min_cosine", g.step_min_cosine, "lowest batch cosine, once its mean has reached it")
      .range(-1, 1);
  b.option("gates.step.patience", g.step_patience, "consecutive steps below it that trip the gate")
      .range(1, huge);
  b.option("gates.epoch.max_drop", g.epoch_max_drop, "highest fall of the validation cosine in one epoch")
      .range(0, 2);
  b.option("gates.action", g.action, "what a tripped gate does");
  b.option("gates.max_rollbacks", g.max_rollbacks, "roll-backs before the run stops with exit code 5")
      .range(0, 1000);
  b.option("gates.warm_steps", g.warm_steps, "steps without the directional term after a roll-back")
      .range(0, huge);
  b.option("gates.final.min_margin", g.final_min_margin, "exit 5 below it").range(-2, 2);
  b.option("gates.final.min_cosine", g.final_min_cosine, "exit 5 below this validation cosine").range(-1, 1);
  b.option("gates.final.min_gain", g.final_min_gain,
           "exit 5 below this gain of the validation cosine over the best baseline")
      .range(-2, 2);
  b.option("gates.final.min_legacy_r5", g.final_min_legacy_r5,
           "exit 5 below it; chance is 5 / (context + 1), 0.83 for a context of 5")
      .range(0, 1);
  b.option("health.on_bad_value", o.health.on_bad_value, "NaN or Inf in a step: stop, or skip the batch");
  b.option("health.max_skipped", o.health.max_skipped, "skipped batches before the run stops").range(0, huge);
  b.option("early_stop.metric", o.early_stop.metric, "stop when this no longer improves");
  b.option("early_stop.patience", o.early_stop.patience, "epochs without improvement").range(1, huge);
  b.option("early_stop.min_delta", o.early_stop.min_delta, "improvement that counts").range(0, huge);
}

}  // namespace

void declare(config::Binder& b, TrainOptions& o) {
  b.option("seed", o.seed, "of weights, order, dropout and augmentation").range(0, 9e15).flag("--seed");
  declare_device(b, o.device, o.device_fallback);
  declare_precision(b, o.precision, "bf16 where the hardware multiplies it natively");
  declare_data(b, o.data);
  lvm::declare(b, o.model);
  lvm::declare(b, o.augment);
  lvm::declare(b, o.loss);
  declare_optimizer(b, o);
  declare_train(b, o);
  declare_gates(b, o);
  b.option("baselines.ridge", o.baselines.ridge,
           "compare with ridge regression too; fitting it takes seconds");
  b.option("baselines.ridge_lambda", o.baselines.ridge_lambda, "its penalty").above(0);
  b.option("checkpoint.every_steps", o.checkpoint.every_steps, "steps between checkpoints; 0: only at epochs")
      .range(0, huge);
  b.option("checkpoint.every_minutes", o.checkpoint.every_minutes, "and at least this often; 0: not by time")
      .range(0, 1e6);
  b.option("checkpoint.keep", o.checkpoint.keep, "newest checkpoints kept").range(1, 10000);
  b.option("output", o.output, "the run's folder")
      .flag("--output")
      .also_called({"out", "save_dir", "run_dir"});
}

std::vector<config::Problem> take_over(config::Binder& b, const TrainOptions& o) {
  const DataOptions& data = o.data;
  if (!data.vectors.empty() && !data.sequences.empty()) return {};  // a conflict of its own
  return take_over_windows(b, "data", data.vectors.empty() ? data.sequences : data.vectors);
}

}  // namespace runner::jobs
