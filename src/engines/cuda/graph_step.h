#pragma once
// The step on a CUDA device as one CUDA graph: forward, loss, backward, clipping and AdamW are launched at
// once, with ranks their exchange too, and the host reads back a handful of figures at the end. Every model;
// the same numbers as the plain step but for rounding.

#include <memory>

#include "engines/step.h"

namespace runner::lvm::cuda {

// The model lies on a CUDA device.
std::unique_ptr<TrainingStep> make_graph_step(std::shared_ptr<Model> model, const StepOptions& options);

}  // namespace runner::lvm::cuda
