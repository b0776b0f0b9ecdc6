#pragma once
// A model and what it reads, opened and found to fit each other.

#include <memory>
#include <optional>

#include "jobs/predict/contexts.h"
#include "jobs/predict/options.h"
#include "jobs/train/options.h"
#include "models/model_file.h"

namespace runner::jobs {

struct PredictionSource {
  lvm::ModelFile file;
  std::optional<TrainOptions> run;  // that made the model
  std::unique_ptr<Contexts> contexts;
  bool normalize = false;  // vectors are brought to length 1 as they are read, as the model was trained
};

// Throws DataError (widths or contexts that do not fit, nothing to predict from), UsageError.
PredictionSource open_prediction_source(const PredictOptions& options);

}  // namespace runner::jobs
