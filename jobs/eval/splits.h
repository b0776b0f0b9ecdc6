#pragma once
// The splits of an evaluation: where their windows come from.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "data/samples/samples.h"
#include "jobs/eval/options.h"
#include "jobs/train/options.h"

namespace runner::jobs {

struct EvalSplit {
  std::unique_ptr<data::SampleSource> source;
  std::vector<std::int64_t> ids;  // the samples to look at, in file order
};

// Opens a split; `name` ("val", "ood") is for messages. Throws UsageError when neither the options nor the
// run tell how windows are cut, DataError from reading.
EvalSplit open_split(const EvalSplitOptions& options, const std::optional<TrainOptions>& run,
                     const char* name);

// How far after its context the model predicts: from the splits' options, else the run, else 1.
std::int64_t target_offset(const EvalOptions& options, const std::optional<TrainOptions>& run);

}  // namespace runner::jobs
