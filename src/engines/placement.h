#pragma once
// A model brought to the device that it computes on.

#include <torch/torch.h>

#include <cstdint>
#include <optional>
#include <string>

#include "engines/engine_choice.h"
#include "environment/device_choice.h"
#include "losses/loss_options.h"
#include "models/model.h"

namespace runner::lvm {

struct PlacementWish {
  runtime::Device device;
  PrecisionChoice precision = PrecisionChoice::fp32;  // fp32 or bf16
  std::int64_t rows = 256;               // of the batches to come, at most; what is tried is as large, or 256
  std::int64_t context = 1;              // T
  std::optional<LossOptions> loss = {};  // from complete(), of a model that is trained
};

struct Placement {
  torch::Device device;
  std::string check;  // how the device was found to compute as the CPU does; "" where nobody doubts it
};

// Sets how the model multiplies on the device and moves it there from the CPU. Throws EnvironmentError where
// the device's policy asks for a look at a batch (canary.h) and its figures are wrong.
Placement place(Model& model, const PlacementWish& wish);

}  // namespace runner::lvm
