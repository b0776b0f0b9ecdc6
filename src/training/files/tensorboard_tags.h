#pragma once
// What a training's numbers are called in TensorBoard: groups that fold together, and no tag that two rhythms
// share.

#include "contract/training_records.h"

namespace runner::lvm {

// step/loss, step/gradient_norm, …: of a step that train.log_every names.
NamedList<double> tagged(const StepRecord& step);

// At the end of an epoch: train/ (means over its rows), val/ (the validation split), baseline/NAME/ (the same
// figures of what needs no training, level lines), system/ (speed, memory).
NamedList<double> tagged(const EpochRecord& epoch, const BaselineFigures& baselines);

}  // namespace runner::lvm
