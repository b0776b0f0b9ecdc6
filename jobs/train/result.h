#pragma once
// What a training run tells when it ends: the object of --json, and the closing lines for people.

#include <filesystem>
#include <string>

#include "contract/launch_record.h"
#include "contract/training_records.h"
#include "engines/engine_choice.h"
#include "models/model.h"
#include "report/block.h"
#include "training/trainer.h"

namespace runner::jobs {

// What was decided before training.
struct RunFacts {
  std::filesystem::path folder;
  std::string config;  // its name
  DataRecord data;
  ModelFacts model;
  std::string device, precision, engine;
  lvm::ProductsUsed products;
  std::string device_check;  // lvm::Placement::check
  BaselineFigures baselines;
  int ranks = 1;
  bool residual = false;  // the model starts at a mixture of its context
  LaunchRecord launch;
};

TrainingResult result_of(const lvm::TrainerState& state, const lvm::TrainerResult& trained,
                         const RunFacts& facts);
// Of a run that had ended before.
TrainingResult result_of_finished(const lvm::TrainerState& state, const RunFacts& facts);

ModelFacts facts_of(const lvm::Model& model);

// The same words wherever a run is told of.
std::vector<std::string> split_parts(const DataRecord& data);
std::string model_part(const ModelFacts& model);
// For people: what is trained, on what, where, and against what.
report::Block header_of(const RunFacts& facts);
// The kept model beside the baselines, that it is worse where it is, gates, time, and what to do next.
report::Block closing_of(const TrainingResult& result, std::size_t width);

}  // namespace runner::jobs
