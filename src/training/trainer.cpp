#include "training/trainer.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/status.h"
#include "base/time.h"
#include "report/block.h"
#include "report/epoch_rows.h"
#include "training/augment.h"
#include "training/warmup_cosine.h"

namespace runner::lvm {
namespace {

constexpr std::uint64_t order_purpose = 2, augment_purpose = 3;

double value_of(const torch::Tensor& tensor) {
  return tensor.defined() ? tensor.item<double>() : 0.0;
}

}  // namespace

Trainer::Trainer(TrainerParts parts)
    : parts_(std::move(parts)),
      validator_(parts_.samples, parts_.split.validation, parts_.options.normalize, parts_.device,
                 parts_.group),
      batches_(parts_.samples, parts_.split.training, parts_.options.normalize, parts_.device,
               resident_limit(parts_.device)),
      started_(Clock::now()),
      last_checkpoint_(started_) {
  state_.lr = parts_.options.optimizer.lr;
  state_.identity = parts_.identity;
  return_free_memory();  // the weights as they were before the engine took them, the buffers of the checks
}

std::int64_t Trainer::batches_per_epoch() const {
  const auto rows = static_cast<std::int64_t>(parts_.split.training.size());
  return (rows + parts_.options.batch_size - 1) / parts_.options.batch_size;
}

std::int64_t Trainer::last_step() const {
  const std::int64_t all = parts_.options.epochs * batches_per_epoch();
  return parts_.options.max_steps > 0 ? std::min(parts_.options.max_steps, all) : all;
}

std::int64_t Trainer::samples_at(std::int64_t step) const {
  const auto rows = static_cast<std::int64_t>(parts_.split.training.size());
  const std::int64_t batches = batches_per_epoch();
  return step / batches * rows + std::min(step % batches * parts_.options.batch_size, rows);
}

bool Trainer::out_of_steps() const {
  return parts_.options.max_steps > 0 && state_.step >= parts_.options.max_steps;
}

TrainerResult Trainer::run() {
  {
    // Counts the run's samples, so that the time left is the run's.
    Progress progress("", samples_at(last_step()), "samples");
    while (state_.epoch < parts_.options.epochs && !out_of_steps() && !state_.stopped_early) {
      train_epoch(progress);
      progress.pause(fmt::format("epoch {}/{}: validation", state_.epoch + 1, parts_.options.epochs));
      end_epoch();
    }
  }
  if (state_.history.empty())
    end_epoch();  // stopped inside the first epoch and given no step more: judged as it is
  TrainerResult result;
  finish(result);
  return result;
}

// Validations and files still to come, as long as the last one took.
double Trainer::end_work_left() const {
  const std::int64_t steps = last_step() - state_.step;
  return end_s_ * std::ceil(static_cast<double>(steps) / static_cast<double>(batches_per_epoch()));
}

void Trainer::train_epoch(Progress& progress) {
  const TrainerOptions& o = parts_.options;
  const auto order = data::permutation(static_cast<std::int64_t>(parts_.split.training.size()),
                                       derived_seed(static_cast<std::uint64_t>(o.seed), order_purpose,
                                                    static_cast<std::uint64_t>(state_.epoch)));
  status::set_phase(fmt::format("train epoch {}", state_.epoch + 1));
  progress.set_title(fmt::format("epoch {}/{}", state_.epoch + 1, o.epochs));
  progress.set_other_work(end_work_left());
  while (state_.row < static_cast<std::int64_t>(order.size()) && !out_of_steps()) {
    const StepRecord figures = one_step(order);
    after_step(figures, progress);
    stop_if_asked();
  }
}

StepRecord Trainer::one_step(const std::vector<std::int64_t>& order) {
  const TrainerOptions& o = parts_.options;
  const auto start = Clock::now();
  const std::int64_t first = state_.row;
  const std::int64_t count = std::min(o.batch_size, static_cast<std::int64_t>(order.size()) - first);
  std::vector<std::int64_t> ids(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    ids[static_cast<std::size_t>(i)] =
        parts_.split.training[static_cast<std::size_t>(order[static_cast<std::size_t>(first + i)])];

  Batch batch = batches_.take(order.data() + first, count);
  if (o.augment.probability > 0) {
    const auto seed = derived_seed(static_cast<std::uint64_t>(o.seed), augment_purpose,
                                   static_cast<std::uint64_t>(state_.step + 1));
    corrupt_last_slot(batch.contexts, o.augment, seeded_generator(batch.contexts.device(), seed));
  }
  if (o.scheduler.type == SchedulerType::warmup_cosine)
    state_.lr = warmup_cosine(o.optimizer.lr, o.scheduler.min_lr, o.scheduler.warmup_steps,
                              o.epochs * batches_per_epoch(), state_.step + 1);
  StepInput input{batch.contexts.to(parts_.device),
                  batch.targets.to(parts_.device),
                  state_.epoch,
                  state_.step + 1,
                  state_.step < state_.gates.warm_until ? 0.0 : 1.0,
                  state_.lr};
  const auto times = [&] { return parts_.group ? parts_.group->times() : std::nullopt; };
  const auto before = times();
  const StepOutput output = parts_.step->run(input);
  ++state_.step;
  ++state_.batch;
  state_.row += count;
  if (!output.applied) bad_value(output, ids.data(), count);

  const LossParts& loss = output.loss;
  const LossFigures terms{value_of(loss.total),    value_of(loss.cosine), value_of(loss.loss_mse),
                          value_of(loss.loss_dir), value_of(loss.rho),    value_of(loss.confidence)};
  const StepRecord figures{
      terms, state_.step, state_.epoch + 1, output.gradient_norm, state_.lr, seconds_since(start) * 1000};
  if (output.applied) {
    state_.sums.rows += count;
    state_.sums.add(figures, static_cast<double>(count));
  }
  if (first_step_ms_ == 0) {
    first_step_ms_ = figures.step_ms;
    spdlog::info("first step {:.0f} ms, {:.2f} s after the start of the job", figures.step_ms,
                 seconds_since(started_));
  } else {
    ++steps_here_;
    rows_here_ += count;
    seconds_here_ += figures.step_ms / 1000;
    if (const auto after = times(); before && after) {
      exchange_here_.waited += after->waited - before->waited;
      exchange_here_.summing += after->summing - before->summing;
    }
  }
  return figures;
}

void Trainer::after_step(const StepRecord& figures, Progress& progress) {
  const TrainerOptions& o = parts_.options;
  status::set_step(state_.step);
  if (parts_.group) parts_.group->at_step(state_.step);
  const std::int64_t done =
      state_.epoch * static_cast<std::int64_t>(parts_.split.training.size()) + state_.row;
  if (progress.due())
    progress.update(done,
                    {fmt::format("loss {:.6f}", figures.loss), fmt::format("cosine {:.4f}", figures.cosine)});
  else
    progress.update(done);
  if (writes() && state_.step % o.log_every == 0) parts_.files->add_metrics(figures);
  if (std::isfinite(figures.cosine)) {
    const std::string why = step_gate(o.gates, state_.gates, figures.cosine);
    if (!why.empty()) tripped("step", why);
  }
  if (checkpoint_due()) save_checkpoint(false);
}

void Trainer::stop_if_asked() {
  const int signal = parts_.group ? parts_.group->stop_signal() : stop_signal();
  if (signal == 0) return;
  status::set_phase("save after a signal");
  save_checkpoint(true);
  if (!writes()) throw Interrupted(signal, fmt::format("stopped after step {}", state_.step));
  throw Interrupted(
      signal, fmt::format("stopped by {} after step {}; saved: go on with --resume --output {}:\n{}",
                          signal == 2 ? "SIGINT" : "SIGTERM", state_.step, parts_.files->folder().string(),
                          parts_.resume_line));
}

void Trainer::end_epoch() {
  status::set_phase(fmt::format("validate epoch {}", state_.epoch + 1));
  const auto start = Clock::now();
  const ValidationResult validation = validator_.run(*parts_.step);
  parts_.check_inputs();
  const TrainerOptions& o = parts_.options;
  // An epoch that --max-steps cuts is judged, but it is no step of the scheduler, the gate or early stopping:
  // a resume completes it.
  const bool epoch_complete = state_.row >= static_cast<std::int64_t>(parts_.split.training.size());
  if (epoch_complete && o.scheduler.type == SchedulerType::reduce_on_plateau) {
    PlateauOptions plateau;
    plateau.factor = o.scheduler.factor;
    plateau.patience = o.scheduler.patience;
    plateau.threshold = o.scheduler.threshold;
    plateau.min_lr = o.scheduler.min_lr;
    state_.lr = plateau_step(plateau, state_.plateau, validation.loss, state_.lr);
  }
  EpochRecord epoch;
  static_cast<Figures&>(epoch) = figures_of(validation);
  epoch.epoch = state_.epoch + 1;
  epoch.step = state_.step;
  epoch.train = state_.sums.over(std::max<double>(1, static_cast<double>(state_.sums.rows)));
  epoch.gain = parts_.baselines.gain(validation.cosine);
  epoch.lr = state_.lr;
  epoch.step_ms = step_ms();
  epoch.samples_per_second = samples_per_second();
  epoch.first_step_ms = first_step_ms();
  epoch.rss_mb = peak_memory_mb();
  epoch.validation_s = seconds_since(start);
  if (!std::isfinite(validation.loss))
    throw RunError(
        fmt::format("the validation loss of epoch {} is not finite; the last good checkpoint is in {}",
                    state_.epoch + 1, writes() ? parts_.files->checkpoints().string() : "rank 0's folder"));
  state_.history.push_back(epoch);
  if (writes()) parts_.files->add_metrics(epoch, parts_.baselines);
  const bool best = !state_.best_val_loss || validation.loss < *state_.best_val_loss;
  tell_epoch(epoch, best);
  std::string why;
  if (epoch_complete) {
    why = epoch_gate(o.gates, state_.gates, validation.cosine);
    state_.stopped_early = early_stop(epoch);
    ++state_.epoch;
    state_.batch = state_.row = 0;
    state_.sums = {};
  }
  if (best) save_best(epoch);
  if (!why.empty()) tripped("epoch", why);
  if (writes()) parts_.files->write_history(history());
  save_checkpoint(false);
  end_s_ = seconds_since(start);
}

void Trainer::tell_epoch(const EpochRecord& epoch, bool best) {
  const auto rows = [&](std::size_t width) {
    return (told_epochs_ ? "" : report::epoch_heading(width)) + report::epoch_row(epoch, best, width);
  };
  log_block(rows(report::block_width(STDERR_FILENO)), rows(std::string::npos));
  told_epochs_ = true;
}

std::optional<double> Trainer::samples_per_second() const {
  if (seconds_here_ <= 0) return std::nullopt;
  return static_cast<double>(rows_here_) / seconds_here_;
}

std::optional<double> Trainer::step_ms() const {
  if (steps_here_ == 0) return std::nullopt;
  return 1000 * seconds_here_ / static_cast<double>(steps_here_);
}

std::optional<double> Trainer::first_step_ms() const {
  return first_step_ms_ > 0 ? std::optional(first_step_ms_) : std::nullopt;
}

TrainingHistory Trainer::history() const {
  return {state_.history, state_.events, parts_.baselines};
}

bool Trainer::early_stop(const EpochRecord& epoch) {
  const EarlyStopOptions& o = parts_.options.early_stop;
  if (!o.metric) return false;
  const std::string name = to_word(*o.metric);
  const double sign = *o.metric == EarlyStopMetric::val_loss ? -1 : 1;  // higher is better from here on
  const NamedList<double> numbers = numbers_of(epoch);
  const double* figure = find_named(numbers, name);
  if (figure == nullptr) throw RunError("is not among this epoch's figures", "early_stop.metric " + name);
  const double value = sign * *figure;
  if (!state_.early_best || value > *state_.early_best + o.min_delta) {
    state_.early_best = value;
    state_.early_bad = 0;
    return false;
  }
  if (++state_.early_bad < o.patience) return false;
  add_event(fmt::format("early stop: {} has not improved for {} epochs", name, state_.early_bad));
  return true;
}

}  // namespace runner::lvm
