#pragma once
// The step by libtorch's autograd.

#include <memory>

#include "engines/step.h"

namespace runner::lvm {

// Every model, every device, the reference for faster ones.
std::unique_ptr<TrainingStep> make_plain_step(std::shared_ptr<Model> model, const StepOptions& options);

}  // namespace runner::lvm
