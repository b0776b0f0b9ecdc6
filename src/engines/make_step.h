#pragma once
// Picks the training step that fits: the fused CPU engine for the transformer on the CPU, a CUDA graph on
// CUDA devices, else libtorch's autograd.

#include <memory>
#include <string>

#include "engines/engine_choice.h"
#include "engines/step.h"

namespace runner::lvm {

// Throws UsageError when fused is asked for and does not fit.
std::unique_ptr<TrainingStep> make_step(EngineChoice engine, std::shared_ptr<Model> model,
                                        const StepOptions& options, std::int64_t context,
                                        const torch::Device& device);

}  // namespace runner::lvm
