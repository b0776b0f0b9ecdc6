#pragma once
// A training run's data: opened, checked, split, looked at for leaks.

#include <memory>

#include "base/json.h"
#include "data/samples.h"
#include "data/split.h"
#include "jobs/train/options.h"

namespace runner::jobs {

struct TrainInputs {
  std::shared_ptr<const data::SampleSource> samples;
  data::Split split;
  Json record = Json::object();  // files, hashes, rows, windows: for the manifest and for resuming
};

// Opens and splits. Values are checked when `check_values`. Throws DataError.
TrainInputs open_inputs(const TrainOptions& options, bool check_values);

// What training and validation share that they should not.
struct Leaks {
  std::int64_t shared_targets = 0;    // validation targets whose very vector is a training target too
  std::int64_t validation = 0;        // validation targets in all
  std::int64_t crossing_windows = 0;  // windows whose context and target lie in different articles
};
Leaks find_leaks(const TrainOptions& options, const TrainInputs& inputs);
// A warning with counts for each kind that occurs.
void warn_of_leaks(const Leaks& leaks);

}  // namespace runner::jobs
