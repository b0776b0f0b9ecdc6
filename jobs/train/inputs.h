#pragma once
// A training run's data: opened, checked, split, looked at for leaks.

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

// What training and validation share that they should not.
struct Leaks {
  std::int64_t shared_targets = 0;       // validation targets whose very vector is a training target too
  std::int64_t targets_in_contexts = 0;  // validation targets whose very vector a training context holds
  std::int64_t validation = 0;           // validation targets in all
  std::int64_t shared_vectors = 0;       // different vectors in validation and in training windows, any place
  std::int64_t validation_vectors = 0;   // different vectors in validation windows
  std::int64_t crossing_windows = 0;     // windows of more than one article
  bool split_at_random = false;
};
// Reads each row of a vectors file once, each sample of a sequences file once. Throws DataError.
Leaks find_leaks(const TrainOptions& options, const TrainInputs& inputs);
// A warning with counts for each kind that occurs.
void warn_of_leaks(const Leaks& leaks);

}  // namespace runner::jobs
