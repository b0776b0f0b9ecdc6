#pragma once

#include <cstdint>

#include "jobs/train/inputs.h"
#include "jobs/train/options.h"

namespace runner::jobs {

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
