#pragma once
// From options to the parts of a training run: device, model, and what trainer and step are told.

#include <memory>
#include <optional>
#include <string>

#include "contract/job.h"
#include "engines/engine_choice.h"
#include "engines/placement.h"
#include "engines/step.h"
#include "environment/device_choice.h"
#include "jobs/train/inputs.h"
#include "jobs/train/options.h"
#include "models/model.h"
#include "ranks/rank_place.h"
#include "training/training_options.h"

namespace runner::jobs {

struct Hardware {
  runtime::DeviceChoice choice;
  lvm::PrecisionChoice precision = lvm::PrecisionChoice::fp32;  // fp32 or bf16
};
// A rank on CUDA takes the device of its local rank. Throws EnvironmentError.
Hardware choose_hardware(const TrainOptions& options, const std::optional<ranks::RankPlace>& place);

// libtorch's own pool follows what the bootstrap decided for OpenMP and BLAS.
void set_threads(int threads);

// From the seed, or with the weights that --init names.
std::shared_ptr<lvm::Model> build_model(const TrainOptions& options, const TrainInputs& inputs,
                                        const std::optional<std::string>& init);
lvm::Placement place_model(lvm::Model& model, const TrainOptions& options, const TrainInputs& inputs,
                           const Hardware& hardware);

// Says so where train.products has nothing to choose.
void note_products(const TrainOptions& options, const lvm::TrainingStep& step);

void note_warm_up(const TrainOptions& options, const TrainInputs& inputs, int ranks);
lvm::TrainerOptions trainer_options(const TrainOptions& options, const JobContext& context, int ranks);
lvm::StepOptions step_options(const TrainOptions& options, std::shared_ptr<ranks::Group> group);
Json adamw_record(const TrainOptions& options);

}  // namespace runner::jobs
