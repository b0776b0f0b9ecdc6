#include "training/training_gates.h"

#include "base/log.h"

namespace runner::lvm {

std::string step_gate(const GateOptions& limits, GateState& state, double batch_cosine) {
  if (!limits.step_min_cosine) return "";
  const double limit = *limits.step_min_cosine;
  double& slot = state.recent.at(static_cast<std::size_t>(state.seen % gate_window));
  state.running_sum += batch_cosine - (state.seen >= gate_window ? slot : 0);
  slot = batch_cosine;
  ++state.seen;
  if (!state.armed) {
    state.armed = state.seen >= gate_window && state.running_sum / gate_window >= limit;
    return "";
  }
  state.below = batch_cosine < limit ? state.below + 1 : 0;
  if (state.below <= limits.step_patience) return "";
  state.below = 0;
  return fmt::format("the batch cosine stayed below {} for more than {} steps (now {:.4f})", limit,
                     limits.step_patience, batch_cosine);
}

std::string epoch_gate(const GateOptions& limits, GateState& state, double val_cosine) {
  const auto before = state.last_epoch_cosine;
  state.last_epoch_cosine = val_cosine;
  if (!limits.epoch_max_drop || !before || *before - val_cosine <= *limits.epoch_max_drop) return "";
  return fmt::format("the validation cosine fell by {:.4f} in one epoch ({:.4f} to {:.4f}; allowed: {})",
                     *before - val_cosine, *before, val_cosine, *limits.epoch_max_drop);
}

void note_rollback(const GateOptions& limits, GateState& state, std::int64_t step, double restored_cosine) {
  const std::int64_t rollbacks = state.rollbacks + 1;
  state = {};
  state.rollbacks = rollbacks;
  state.last_epoch_cosine = restored_cosine;
  state.warm_until = step + limits.warm_steps;
}

NamedList<GateRecord> final_gates(const GateOptions& limits, const FinalFigures& figures) {
  NamedList<GateRecord> gates;
  const auto add = [&gates](const char* name, const std::optional<double>& limit, double value) {
    if (limit) gates.emplace_back(name, GateRecord{value, *limit, value >= *limit});
  };
  add("margin", limits.final_min_margin, figures.margin);
  add("val_cosine", limits.final_min_cosine, figures.val_cosine);
  add("gain", limits.final_min_gain, figures.gain);
  add("legacy_r5", limits.final_min_legacy_r5, figures.legacy_r5);
  return gates;
}

}  // namespace runner::lvm
