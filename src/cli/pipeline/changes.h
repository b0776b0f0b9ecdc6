#pragma once
// Why a step runs: what is not as it was when it was done last.

#include <string>
#include <vector>

#include "contract/pipeline_record.h"

namespace runner::cli {

// Of two records; the output is not looked at. Empty when nothing is: "train.epochs 1 -> 2",
// "artifacts/x.npz has changed".
std::vector<std::string> changes_of_settings(const PipelineStepRecord& then, const PipelineStepRecord& now);
std::vector<std::string> changes_of_inputs(const PipelineStepRecord& then, const PipelineStepRecord& now);

}  // namespace runner::cli
