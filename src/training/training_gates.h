#pragma once
// The gates that watch a run. Their state is plain data: a checkpoint keeps it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/training_records.h"
#include "training/training_options.h"

namespace runner::lvm {

constexpr std::int64_t gate_window = 100;  // steps of the running mean that arms the step gate

struct GateState {
  bool armed = false;      // the running mean has reached the limit
  double running_sum = 0;  // of the last `window` batch cosines …
  std::int64_t seen = 0;
  std::vector<double> recent = std::vector<double>(gate_window);  // … which are these
  std::int64_t below = 0;                                         // consecutive steps below the limit
  std::optional<double> last_epoch_cosine;
  std::int64_t rollbacks = 0;
  std::int64_t warm_until = 0;  // the directional term is off up to this step

  static void fields(auto& self, auto& field) {
    field("armed", self.armed);
    field("running_sum", self.running_sum);
    field("seen", self.seen);
    field("recent", self.recent);
    field("below", self.below);
    field("rollbacks", self.rollbacks);
    field("warm_until", self.warm_until);
    field("last_epoch_cosine", self.last_epoch_cosine);
  }
};

// Takes a step's batch cosine; returns why the gate tripped, or "".
std::string step_gate(const GateOptions& limits, GateState& state, double batch_cosine);
// Takes an epoch's validation cosine; returns why the gate tripped, or "".
std::string epoch_gate(const GateOptions& limits, GateState& state, double val_cosine);
// After a roll-back: counts it, disarms, and starts the warm steps at `step`.
void note_rollback(const GateOptions& limits, GateState& state, std::int64_t step, double restored_cosine);

struct FinalFigures {
  double margin = 0, val_cosine = 0, legacy_r5 = 0;  // of the last epoch
  double gain = 0;                                   // of the best one, over the best baseline
};
// The configured ones: margin, val_cosine, gain, legacy_r5.
NamedList<GateRecord> final_gates(const GateOptions& limits, const FinalFigures& figures);

}  // namespace runner::lvm
