#pragma once
// What a training run tells when it ends: the object of --json, and the closing lines for people.

#include <filesystem>
#include <string>

#include "contract/training_records.h"
#include "training/trainer.h"

namespace runner::jobs {

// What was decided before training.
struct RunFacts {
  std::filesystem::path folder;
  std::string device, precision, engine;
  BaselineFigures baselines;
  int ranks = 1;
  bool residual = false;  // the model starts at a mixture of its context
};

TrainingResult result_of(const lvm::TrainerState& state, const lvm::TrainerResult& trained,
                         const RunFacts& facts);
// Of a run that had ended before.
TrainingResult result_of_finished(const lvm::TrainerState& state, const RunFacts& facts);

// The kept model beside the baselines, and that it is worse where it is.
std::string summary_of(const lvm::TrainerState& state, const RunFacts& facts, const TrainingResult& result);

}  // namespace runner::jobs
