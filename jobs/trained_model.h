#pragma once
// What the jobs that use a trained model share: the run that made it, and where and how it computes.

#include <torch/torch.h>

#include <filesystem>
#include <optional>
#include <string>

#include "jobs/train/options.h"
#include "models/model.h"
#include "ranks/rank_place.h"

namespace runner::jobs {

// The configuration of the run that made this model (a folder, or a file in it); nothing when it has none.
// Throws UsageError when it cannot be read.
std::optional<TrainOptions> run_of(const std::filesystem::path& model);

struct ComputeWish {
  std::string device = "auto";
  std::optional<bool> device_fallback;  // default: true for auto
  // fitting: as the run trained, fp32 without one
  lvm::PrecisionChoice precision = lvm::PrecisionChoice::fitting;
  std::int64_t context = 1;                              // T
  std::optional<ranks::RankPlace> place = std::nullopt;  // of this process among ranks
};
struct ComputePlace {
  torch::Device device;
  lvm::PrecisionChoice precision;  // fp32 or bf16
};
// Moves the model to its device and sets how it multiplies. Throws EnvironmentError.
ComputePlace place_model(lvm::Model& model, const ComputeWish& wish, const std::optional<TrainOptions>& run);

}  // namespace runner::jobs
