#pragma once
// What needs no training, or hardly any: the figures that a model has to beat to be worth its parameters.

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contract/figures.h"
#include "data/samples/samples.h"
#include "data/samples/split.h"
#include "training/training_options.h"
#include "training/validation.h"

namespace runner::lvm {

struct Baseline {
  std::string name;
  Predict predict;
};
// copy_last, context_mean, and weighted_mean with these shares [T] (undefined: without it).
std::vector<Baseline> fixed_baselines(const torch::Tensor& shares);

// From one result a baseline, in order.
BaselineFigures baseline_figures(const std::vector<Baseline>& baselines,
                                 const std::vector<ValidationResult>& results);

// Fits to the training split and judges on the validation split, on the CPU, both read in pieces. Ranks of a
// `group` share the judging.
BaselineFigures measure_baselines(const std::shared_ptr<const data::SampleSource>& samples,
                                  const data::Split& split, bool normalize, const BaselineOptions& options,
                                  std::shared_ptr<ranks::Group> group = nullptr);

}  // namespace runner::lvm
