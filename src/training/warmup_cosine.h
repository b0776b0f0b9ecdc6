#pragma once
// A learning rate that rises in a straight line and then falls along half a cosine, by step.

#include <cstdint>

namespace runner::lvm {

// Of step `step` (from 1) of `steps`: lr · step / warmup_steps up to warmup_steps, then from lr down towards
// min_lr, which the step after the last would have. A function of the step alone: there is no state to
// resume.
double warmup_cosine(double lr, double min_lr, std::int64_t warmup_steps, std::int64_t steps,
                     std::int64_t step);

}  // namespace runner::lvm
