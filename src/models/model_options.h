#pragma once
// What a model is made of, as the config says it. No libtorch here: the launcher checks these options.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/binder.h"

namespace runner::lvm {

// The `model:` mapping. A size left out takes the default of its type (see model_sizes).
struct ModelOptions {
  std::string type = "transformer";         // transformer | lstm | gru | amn
  std::optional<std::int64_t> d_model;      // transformer, gru: 512; amn: 256
  std::optional<std::int64_t> heads;        // transformer: 8
  std::optional<std::int64_t> layers;       // transformer, gru: 4; lstm: 2
  std::optional<std::int64_t> feedforward;  // transformer: 4 * d_model
  std::optional<std::int64_t> hidden;       // lstm, amn: 512
  std::optional<double> dropout;            // transformer: 0.1; lstm: 0.2; gru: 0
  std::string init = "independent";         // independent | copied: all transformer layers start as the first
  std::string residual = "none";            // none | last | mean | learned: what the output is added to
  bool residual_next = false;               // raw = unit(last) + alpha * inner model
  double positional_scalar = 0;             // s: feature D+1 = linspace(0, 1, T) * s; 0: none
  std::int64_t ramp_epochs = 3;             // epochs over which training raises s from 0
};

// Everything decided: what a model is built from, and what its files record.
struct ModelSizes {
  std::string type;
  std::int64_t width = 0;  // D: of the vectors read and predicted
  std::int64_t d_model = 0, heads = 0, layers = 0, feedforward = 0, hidden = 0;  // 0: not of this type
  double dropout = 0;
  bool copied_init = false;
  std::string residual = "none";
  std::int64_t context = 0;  // T, where residual is learned: it has T weights
  bool residual_next = false;
  double positional_scalar = 0;
  std::int64_t ramp_epochs = 3;

  // Features a context vector has when it enters the model: D, or D+1 with a positional scalar.
  std::int64_t input_dim() const { return width + (positional_scalar != 0 ? 1 : 0); }
};

void declare(config::Binder& b, ModelOptions& o);
// Conflicts within the options, such as d_model not divisible by heads; keys start with "model.".
std::vector<config::Problem> check(const ModelOptions& o);

// Sizes given that a model of this type does not have. They are not mistakes, so that one flag can change the
// type; the job that reads them says in its log that they have no effect.
std::vector<std::string> unused_keys(const ModelOptions& o);

// Options with the type's defaults filled in, for vectors of `width` floats; `context`: T, which only a
// learned residual needs.
ModelSizes model_sizes(const ModelOptions& o, std::int64_t width, std::int64_t context = 0);

// The row of docs/lvm.md's table as text: "transformer" … in the order that help and messages list them.
const std::vector<std::string>& model_type_names();

// Training's s in epoch `epoch0` (from 0): s * min(epoch0, ramp)/ramp. Validation always uses s itself.
double ramped_scalar(const ModelSizes& sizes, std::int64_t epoch0);

}  // namespace runner::lvm
