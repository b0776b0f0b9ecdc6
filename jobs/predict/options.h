#pragma once
// runner predict: what comes next, by a trained model.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/common_options.h"
#include "data/formats/records/record_writer.h"
#include "engines/engine_choice.h"
#include "worker/launch/launch.h"

namespace runner::jobs {

struct PredictOptions : config::CommonOptions {
  std::string model;
  std::vector<std::string> inputs;      // vectors files, or files of ready contexts
  std::optional<std::int64_t> context;  // T; default: the model's
  std::string index;                    // "": predictions alone
  std::int64_t k = 10;                  // neighbours a prediction
  bool exclude_context = true;
  std::string device = "auto";
  std::optional<bool> device_fallback;                          // default: true for auto
  lvm::PrecisionChoice precision = lvm::PrecisionChoice::fp32;  // fitting: as the run that made the model
  std::optional<data::RecordFormat> format;                     // default: by the output's ending, else npz
  static constexpr const char* default_output = "predictions.npz";  // of text: standard output
  std::string output = default_output;
};

void declare(config::Binder& b, PredictOptions& o);
std::vector<config::Problem> check(const PredictOptions& o);

// With an index, libtorch's half and FAISS's half: no plug-in does both. They hand files over beside the
// output.
void refine(runtime::LaunchRequest& request, const PredictOptions& o);

}  // namespace runner::jobs
