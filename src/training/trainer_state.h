#pragma once
// Where a run is. Together with the weights and moments this is all that a checkpoint holds.

#include <cstdint>
#include <optional>

#include "base/json.h"
#include "training/plateau.h"
#include "training/training_gates.h"

namespace runner::lvm {

// Sums over the rows of the current epoch's training steps.
struct EpochSums {
  std::int64_t rows = 0;
  double loss = 0, cosine = 0, loss_mse = 0, loss_dir = 0, rho = 0, confidence = 0;
};

struct TrainerState {
  std::int64_t epoch = 0;  // from 0
  std::int64_t batch = 0;  // batches of this epoch that are done
  std::int64_t step = 0;   // steps done in all
  double lr = 0;
  PlateauState plateau;
  GateState gates;
  EpochSums sums;
  Json history = Json::array(), events = Json::array();
  std::int64_t skipped = 0;     // batches skipped for NaN or Inf
  std::int64_t best_step = -1;  // step of the best epoch's end; -1: none yet
  std::int64_t best_epoch = 0;  // from 1
  std::optional<double> best_val_loss;
  double best_val_cosine = 0;
  std::optional<double> early_best;
  std::int64_t early_bad = 0;
  bool stopped_early = false;  // by early_stop: no epoch follows
  bool finished = false;
};

Json to_json(const TrainerState& state);
TrainerState trainer_state_from(const Json& json);

}  // namespace runner::lvm
