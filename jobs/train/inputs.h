#pragma once
// A training run's data: opened, checked, split.

#include <memory>

#include "base/json.h"
#include "contract/run_identity.h"
#include "data/input_watch.h"
#include "data/samples/samples.h"
#include "data/samples/split.h"
#include "jobs/train/options.h"

namespace runner::jobs {

struct TrainInputs {
  std::shared_ptr<const data::SampleSource> samples;
  data::InputWatch watch;  // over the files
  data::Split split;
  DataRecord record;  // for the manifest and for resuming
};

// Opens and splits. Values are checked when `check_values`. Throws DataError.
TrainInputs open_inputs(const TrainOptions& options, bool check_values);

// How the options cut windows from vectors.
data::WindowOptions window_options(const DataOptions& options);

}  // namespace runner::jobs
