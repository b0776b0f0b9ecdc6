#pragma once
// What needs no training, or hardly any: the figures that a model has to beat to be worth its parameters.

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
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

// The baselines' figures on a split; plain values.
struct BaselineFigures {
  Json figures = Json::object();  // name -> val_loss, val_cosine, margin, r_at_1, …; null where not computed
  Json chance = Json::object();   // what a random order would reach: r_at_1, …, legacy_r5
  std::string best;               // the name with the highest cosine
  double best_cosine = 0;
  std::vector<float> shares;  // of weighted_mean
  double seconds = 0;         // that all this took

  double gain(double val_cosine) const { return val_cosine - best_cosine; }
};
// baselines, best_baseline, chance and weighted_mean_shares, as history, manifest and results have them.
Json to_json(const BaselineFigures& baselines);
// The same for TensorBoard, baselines/NAME/FIGURE: level lines beside the epochs' curves.
std::vector<std::pair<std::string, double>> scalars_of(const BaselineFigures& baselines);
// From one result a baseline, in order.
BaselineFigures baseline_figures(const std::vector<Baseline>& baselines,
                                 const std::vector<ValidationResult>& results);

// Fits to the training split and judges on the validation split, on the CPU, both read in pieces.
BaselineFigures measure_baselines(const std::shared_ptr<const data::SampleSource>& samples,
                                  const data::Split& split, bool normalize, const BaselineOptions& options);

}  // namespace runner::lvm
