#pragma once
// ReduceLROnPlateau as PyTorch computes it, mode min: a better metric is one below best * (1 - threshold).

#include <cstdint>
#include <optional>

namespace runner::lvm {

struct PlateauOptions {
  double factor = 0.5;
  std::int64_t patience = 3;
  double threshold = 1e-4;  // relative
  std::int64_t cooldown = 0;
  double min_lr = 0;
  double eps = 1e-8;  // a smaller change of the rate is not made
};

// The state is all there is to save and restore.
struct PlateauState {
  std::optional<double> best;  // empty: no epoch yet
  std::int64_t bad_epochs = 0, cooldown_left = 0, epochs = 0;

  static void fields(auto& self, auto& field) {
    field("best", self.best);
    field("bad_epochs", self.bad_epochs);
    field("cooldown_left", self.cooldown_left);
    field("epochs", self.epochs);
  }
};

// Takes an epoch's validation loss; returns the learning rate to use from now on.
double plateau_step(const PlateauOptions& options, PlateauState& state, double metric, double lr);

}  // namespace runner::lvm
