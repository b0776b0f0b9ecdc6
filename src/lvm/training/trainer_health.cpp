// What a run does when figures go bad: NaN and Inf, gates, roll-back.
#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "lvm/training/checkpoint.h"
#include "lvm/training/trainer.h"

namespace runner::lvm {
namespace {

constexpr std::int64_t rows_named = 8;

// The terms of the loss that are not finite, or where else the bad value must have come from.
std::string bad_terms(const StepOutput& output) {
  std::string names;
  for (const auto& [name, value] : output.loss.named())
    if (value.defined() && !std::isfinite(value.item<double>()))
      names += (names.empty() ? "" : ", ") + std::string(name);
  return names.empty() ? "the gradients (every term of the loss is finite)" : names;
}

std::string row_list(const data::SampleSource& samples, const std::int64_t* ids, std::int64_t count) {
  std::string rows;
  for (std::int64_t i = 0; i < std::min(count, rows_named); ++i) {
    const std::int64_t row = samples.target_row(ids[i]);
    rows += (i > 0 ? ", " : "") + std::to_string(row >= 0 ? row : ids[i]);
  }
  return rows + (count > rows_named ? fmt::format(", … ({} in all)", count) : "");
}

}  // namespace

void Trainer::add_event(const std::string& what) {
  spdlog::warn("step {}: {}", state_.step, what);
  state_.events.push_back({{"step", state_.step}, {"epoch", state_.epoch + 1}, {"what", what}});
}

void Trainer::bad_value(const StepOutput& output, const std::int64_t* ids, std::int64_t count) {
  const std::string what = fmt::format("NaN or Inf in step {}: {}; the batch's target rows: {}", state_.step,
                                       bad_terms(output), row_list(*parts_.samples, ids, count));
  const HealthOptions& o = parts_.options.health;
  ++state_.skipped;
  if (o.on_bad_value == "skip" && state_.skipped <= o.max_skipped) {
    add_event(what + "; batch skipped");
    return;
  }
  const std::string limit =
      o.on_bad_value == "skip" ? fmt::format(" (more than health.max_skipped = {})", o.max_skipped) : "";
  throw RunError(what + limit +
                 "; nothing was changed by it. Way out: a lower optimizer.lr, precision: fp32, or " +
                 "health.on_bad_value: skip");
}

void Trainer::tripped(const std::string& gate, const std::string& why) {
  const GateOptions& o = parts_.options.gates;
  add_event("gate " + gate + ": " + why);
  if (o.action == "warn") return;
  if (o.action == "stop") {
    save_checkpoint(true);
    throw GateError("gate " + gate + ": " + why + "; the best model is kept in " +
                    parts_.files->folder().string());
  }
  roll_back(why);
}

void Trainer::roll_back(const std::string& why) {
  const GateOptions& o = parts_.options.gates;
  if (state_.best_step < 0) {
    add_event("no checkpoint to roll back to yet: going on");
    return;
  }
  if (state_.gates.rollbacks >= o.max_rollbacks) {
    add_event(fmt::format("{} roll-backs did not help: stopped", state_.gates.rollbacks));
    parts_.files->write_history(state_.history, state_.events, parts_.name);
    save_checkpoint(true);
    throw GateError(fmt::format("{}; {} roll-backs did not help. The best model (epoch {}) is kept in {}",
                                why, state_.gates.rollbacks, state_.best_epoch,
                                parts_.files->folder().string()));
  }
  writer_.finish();
  const auto best = parts_.files->checkpoints() / checkpoint_name("best", state_.best_step);
  load(read_checkpoint(best), false);
  note_rollback(o, state_.gates, state_.step, state_.best_val_cosine);
  add_event(fmt::format(
      "rolled back to the best checkpoint (epoch {}, step {}); {} steps without the directional term",
      state_.best_epoch, state_.best_step, o.warm_steps));
  if (!state_.history.empty()) state_.history.back()["rolled_back_to_step"] = state_.best_step;
}

}  // namespace runner::lvm
