#include "training/plateau.h"

#include <algorithm>

namespace runner::lvm {

double plateau_step(const PlateauOptions& options, PlateauState& state, double metric, double lr) {
  ++state.epochs;
  if (!state.best || metric < *state.best * (1 - options.threshold)) {
    state.best = metric;
    state.bad_epochs = 0;
  } else {
    ++state.bad_epochs;
  }
  if (state.cooldown_left > 0) {
    --state.cooldown_left;
    state.bad_epochs = 0;
  }
  if (state.bad_epochs <= options.patience) return lr;
  state.cooldown_left = options.cooldown;
  state.bad_epochs = 0;
  const double next = std::max(lr * options.factor, options.min_lr);
  return lr - next > options.eps ? next : lr;
}

}  // namespace runner::lvm
