// What a run does when figures go bad: NaN and Inf, gates, roll-back.
#include "training/trainer.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "training/files/checkpoint.h"

namespace runner::lvm {
namespace {

constexpr std::size_t rows_named = 64;

// The terms of the loss that are not finite, or where else the bad value must have come from.
std::string bad_terms(const StepOutput& output) {
  std::string names;
  for (const auto& [name, value] : output.loss.named())
    if (value.defined() && !std::isfinite(value.item<double>()))
      names += (names.empty() ? "" : ", ") + std::string(name);
  return names.empty() ? "the gradients (every term of the loss is finite)" : names;
}

// The rows of the batch's targets, in order.
std::vector<std::int64_t> target_rows(const data::SampleSource& samples, const std::int64_t* ids,
                                      std::int64_t count) {
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = samples.target_row(ids[i]);
    rows.push_back(row >= 0 ? row : ids[i]);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::string row_list(const std::vector<std::int64_t>& rows) {
  const auto named = rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), rows_named));
  std::string list = fmt::format("{}", fmt::join(rows.begin(), named, ", "));
  if (rows.size() <= rows_named) return list;
  return list + fmt::format(", … ({} in all; every one is in training_history.json)", rows.size());
}

}  // namespace

void Trainer::add_event(const std::string& what, std::vector<std::int64_t> rows) {
  spdlog::warn("step {}: {}", state_.step, what);
  // At the end of an epoch the count of epochs has gone on already.
  const std::int64_t epoch = state_.row == 0 ? std::max<std::int64_t>(1, state_.epoch) : state_.epoch + 1;
  state_.events.push_back({state_.step, epoch, what, std::move(rows)});
}

void Trainer::bad_value(const StepOutput& output, const std::int64_t* ids, std::int64_t count) {
  const std::vector<std::int64_t> rows = target_rows(*parts_.samples, ids, count);
  const std::string what = fmt::format("NaN or Inf in step {}: {}; the batch's target rows: {}", state_.step,
                                       bad_terms(output), row_list(rows));
  const HealthOptions& o = parts_.options.health;
  const bool skips = o.on_bad_value == BadValueAction::skip;
  ++state_.skipped;
  if (skips && state_.skipped <= o.max_skipped) {
    add_event(what + "; batch skipped", rows);
    return;
  }
  add_event(what + "; stopped", rows);
  if (writes()) parts_.files->write_history(history());
  throw RunError(
      what + "; nothing was changed by it. " +
      (skips ? fmt::format("More than health.max_skipped = {} batches were bad. ", o.max_skipped) : "") +
      "Way out: look at these rows of the data; a lower optimizer.lr or " +
      (skips ? "a higher health.max_skipped" : "health.on_bad_value: skip") +
      " with --resume --allow-changed; or a new run in precision: fp32");
}

void Trainer::tripped(const std::string& gate, const std::string& why) {
  const GateOptions& o = parts_.options.gates;
  add_event("gate " + gate + ": " + why);
  if (o.action == GateAction::warn) return;
  if (o.action == GateAction::stop) stop_at_gate("gate " + gate + ": " + why);
  roll_back(why);
}

void Trainer::stop_at_gate(const std::string& why) {
  write_model_files();
  if (!writes()) throw GateError(why);
  throw GateError(fmt::format("{}. Every file is written; the best model{} is kept in {}", why,
                              state_.best_epoch > 0 ? fmt::format(" (epoch {})", state_.best_epoch) : "",
                              parts_.files->folder().string()));
}

void Trainer::roll_back(const std::string& why) {
  const GateOptions& o = parts_.options.gates;
  if (state_.best_step < 0) {
    add_event("no checkpoint to roll back to yet: going on");
    return;
  }
  if (state_.gates.rollbacks >= o.max_rollbacks) {
    const std::string tried = fmt::format("{} roll-backs did not help", state_.gates.rollbacks);
    add_event(tried + ": stopped");
    stop_at_gate(why + "; " + tried);
  }
  writer_.finish();
  const auto best = writes() ? parts_.files->checkpoints() / checkpoint_name("best", state_.best_step)
                             : std::filesystem::path();
  try {
    load(read_for_all(best), false);
  } catch (const DataError& error) {
    add_event(error.line() + ": no roll-back to it, going on");
    return;
  }
  note_rollback(o, state_.gates, state_.step, state_.best_val_cosine);
  add_event(fmt::format(
      "rolled back to the best checkpoint (epoch {}, step {}); {} steps without the directional term",
      state_.best_epoch, state_.best_step, o.warm_steps));
  if (!state_.history.empty()) state_.history.back().rolled_back_to_step = state_.best_step;
}

}  // namespace runner::lvm
