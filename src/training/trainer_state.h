#pragma once
// Where a run is. Together with the weights and moments this is all that a checkpoint holds.

#include <cstdint>
#include <optional>
#include <vector>

#include "contract/run_identity.h"
#include "contract/training_records.h"
#include "training/plateau.h"
#include "training/training_gates.h"

namespace runner::lvm {

// Sums over the rows of the current epoch's training steps.
struct EpochSums : LossFigures {
  std::int64_t rows = 0;

  static void fields(auto& self, auto& field) {
    field("rows", self.rows);
    LossFigures::fields(self, field);
  }
};

struct TrainerState {
  std::int64_t epoch = 0;  // from 0
  std::int64_t batch = 0;  // batches of this epoch that are done
  std::int64_t row = 0;    // rows of this epoch's order that are done
  std::int64_t step = 0;   // steps done in all
  double lr = 0;
  PlateauState plateau;
  GateState gates;
  EpochSums sums;
  std::vector<EpochRecord> history;
  std::vector<EventRecord> events;
  std::int64_t skipped = 0;     // batches skipped for NaN or Inf
  std::int64_t best_step = -1;  // step of the best epoch's end; -1: none yet
  std::int64_t best_epoch = 0;  // from 1
  std::optional<double> best_val_loss;
  double best_val_cosine = 0;
  std::optional<double> early_best;
  std::int64_t early_bad = 0;
  bool stopped_early = false;  // by early_stop: no epoch follows
  bool finished = false;
  // By what writes the checkpoint.
  RunIdentity identity;
  std::int64_t updates = 0;  // of the optimizer

  static void fields(auto& self, auto& field) {
    field("epoch", self.epoch);
    field("batch", self.batch);
    field.unless_empty("row", self.row);
    field("step", self.step);
    field("lr", self.lr);
    field("plateau", self.plateau);
    field("gates", self.gates);
    field("sums", self.sums);
    field("history", self.history);
    field("events", self.events);
    field("skipped", self.skipped);
    field("best_step", self.best_step);
    field("best_epoch", self.best_epoch);
    field("best_val_loss", self.best_val_loss);
    field("best_val_cosine", self.best_val_cosine);
    field("early_best", self.early_best);
    field("early_bad", self.early_bad);
    field("stopped_early", self.stopped_early);
    field("finished", self.finished);
    field("identity", self.identity);
    field("updates", self.updates);
  }
};

}  // namespace runner::lvm
