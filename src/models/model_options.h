#pragma once
// What a model is made of, as the config says it. No libtorch here: the launcher checks these options.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/words.h"
#include "config/binder.h"

namespace runner::lvm {

// The row of docs/lvm.md's table.
enum class ModelType { transformer, lstm, gru, amn };
inline std::vector<std::string> words_of(ModelType) {
  return {"transformer", "lstm", "gru", "amn"};
}

// All transformer layers drawn independently, or copied from the first.
enum class LayerInit { independent, copied };
inline std::vector<std::string> words_of(LayerInit) {
  return {"independent", "copied"};
}

// What the output is added to: nothing, the last context vector, their mean, or a mean with learnt weights.
enum class ResidualKind { none, last, mean, learned };
inline std::vector<std::string> words_of(ResidualKind) {
  return {"none", "last", "mean", "learned"};
}

// The `model:` mapping. A size left out takes the default of its type (see model_sizes).
struct ModelOptions {
  ModelType type = ModelType::transformer;
  std::optional<std::int64_t> d_model;      // transformer, gru: 512; amn: 256
  std::optional<std::int64_t> heads;        // transformer: 8
  std::optional<std::int64_t> layers;       // transformer, gru: 4; lstm: 2
  std::optional<std::int64_t> feedforward;  // transformer: 4 * d_model
  std::optional<std::int64_t> hidden;       // lstm, amn: 512
  std::optional<double> dropout;            // transformer: 0.1; lstm: 0.2; gru: 0
  LayerInit init = LayerInit::independent;
  ResidualKind residual = ResidualKind::none;
  bool residual_next = false;    // raw = unit(last) + alpha * inner model
  double positional_scalar = 0;  // s: feature D+1 = linspace(0, 1, T) * s; 0: none
  std::int64_t ramp_epochs = 3;  // epochs over which training raises s from 0
};

// Everything decided: what a model is built from, and what its files record.
struct ModelSizes {
  ModelType type = ModelType::transformer;
  std::int64_t width = 0;  // D: of the vectors read and predicted
  std::int64_t d_model = 0, heads = 0, layers = 0, feedforward = 0, hidden = 0;  // 0: not of this type
  double dropout = 0;
  bool copied_init = false;
  ResidualKind residual = ResidualKind::none;
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

// Training's s in epoch `epoch0` (from 0): s * min(epoch0, ramp)/ramp. Validation always uses s itself.
double ramped_scalar(const ModelSizes& sizes, std::int64_t epoch0);

}  // namespace runner::lvm
