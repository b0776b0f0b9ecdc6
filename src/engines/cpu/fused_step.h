#pragma once
// The training step on the CPU engine: the network in hand-written passes, the loss on its output by
// autograd.

#include <memory>
#include <string>

#include "engines/step.h"

namespace runner::lvm {

// A step whose results follow those of make_plain_step but for rounding and the dropout drawn; float32 or,
// with model->compute().bf16, bfloat16 products. The model's parameters become views of the engine's weights.
// context: vectors of a context, the same in every call. Throws UsageError where engine_misfit
// (model_weights.h) says so.
std::unique_ptr<TrainingStep> make_fused_step(std::shared_ptr<Model> model, const StepOptions& options,
                                              std::int64_t context, const torch::Device& device);

}  // namespace runner::lvm
