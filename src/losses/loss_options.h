#pragma once
// The loss as the config says it: base terms, recipe, and the recipe's every number. No libtorch here.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/words.h"
#include "config/binder.h"

namespace runner::lvm {

// Mean squared error, 1 - cosine, or one with a directional term (docs/lvm.md, P6b recipes).
enum class Recipe { mse, cosine, p6b_v1, p6b_v21, p6b_v23 };
inline std::vector<std::string> words_of(Recipe) {
  return {"mse", "cosine", "p6b_v1", "p6b_v21", "p6b_v23"};
}

// One row of a recipe's phase table. Holds while epoch (from 0) < until_epoch; the last row has none.
struct LossPhase {
  std::optional<std::int64_t> until_epoch;
  std::optional<double> margin;        // p6b_v1
  std::optional<double> fraction;      // p6b_v1, p6b_v21: lambda starts as base * fraction / dir
  std::optional<double> rho;           // p6b_v23: wanted share of the directional term
  std::optional<double> rho_cap;       // p6b_v23: highest share
  std::optional<double> margin_gap;    // p6b_v21, p6b_v23
  std::optional<double> margin_ratio;  // p6b_v21, p6b_v23
};

// The `loss:` mapping. Numbers left out take the recipe's own (see complete).
struct LossOptions {
  Recipe recipe = Recipe::mse;
  std::vector<LossPhase> phases;

  // Base loss. A term with weight 0 is not computed.
  std::optional<double> mse_weight, cosine_weight;  // 1 and 0; recipe cosine: 0 and 1
  double info_nce_weight = 0, info_nce_temperature = 0.07;
  double moment_weight = 0;
  double variance_weight = 0;
  double hinge_weight = 0, hinge_margin = 0.01;          // directional hinge
  double anti_copy_weight = 0, anti_copy_margin = 0.02;  // anti-copy hinge

  // Directional term.
  std::optional<double> gamma;                   // sharpness of the softplus
  std::optional<double> gap_share, ratio_share;  // mixture of dir_v21
  std::optional<double> lambda_min, lambda_max;
  std::optional<double> share_cap;       // p6b_v21: lambda * dir / base at most
  std::optional<double> controller_low;  // p6b_v23: below this part of rho, lambda is raised to it

  // Confidence gate: lambda *= clamp((mean cos(pred, target) - start) / width, 0, 1).
  std::optional<bool> confidence_gate;
  std::optional<double> confidence_start, confidence_width;

  // No directional term while mean cos(pred, target) < skip_target, or (p6b_v1) mean cos(pred, prev) <
  // skip_prev, or (p6b_v21, p6b_v23) both below weak_target and weak_prev.
  std::optional<double> skip_target, skip_prev, weak_target, weak_prev;

  // Penalties, added outside of the controller.
  std::optional<double> pos_floor_weight, pos_floor_tau, norm_pen_weight, orth_pen_weight;
};

// The `augment:` mapping: last-slot corruption of training batches.
struct AugmentOptions {
  double probability = 0;  // that a row's last context vector is replaced
  double sigma = 0.03;     // of the noise added to it
  double swap = 0.05;      // of the replaced ones: this part takes the vector before it instead
};

// Whether the recipe has a directional term, and with it phases.
bool is_directional(const LossOptions& o);

void declare(config::Binder& b, LossOptions& o);
void declare(config::Binder& b, AugmentOptions& o);
// Conflicts: a phase table missing, out of order, or with numbers of another recipe. Keys start with "loss.".
std::vector<config::Problem> check(const LossOptions& o);

// Keys given that recipes mse and cosine do not read: no mistakes, so that one flag can switch the recipe
// off, but worth a line in the log. Empty for the other recipes, where such keys are mistakes.
std::vector<std::string> unused_keys(const LossOptions& o);

// The options with every number of the recipe filled in: afterwards each optional that the recipe uses is
// set.
LossOptions complete(LossOptions o);
// The row that holds in `epoch0` (from 0). The recipe must have phases.
const LossPhase& phase_of(const LossOptions& o, std::int64_t epoch0);
// Index of that row: the loss changes form only when it changes.
std::size_t phase_index(const LossOptions& o, std::int64_t epoch0);

}  // namespace runner::lvm
