#pragma once
// The P6b recipes: a directional term whose weight follows the base loss, and penalties. docs/lvm.md, P6b
// recipes.

#include "losses/loss.h"

namespace runner::lvm {

// Adds the recipe's terms to parts.total, which holds the base loss, and fills the recipe's parts.
// cos [B, D] differentiable; contexts [B, T, D] with T >= 2: the hard negative is contexts[:, T-2].
void add_recipe(const LossOptions& options, const LossPhase& phase, const torch::Tensor& cos,
                const torch::Tensor& contexts, const torch::Tensor& targets, double directional_scale,
                LossParts& parts);

// What the controller decides, from values on the device: all zero-dimensional float32.
struct DirectionalWeight {
  torch::Tensor lambda;      // after controller and gate, 0 when skipped
  torch::Tensor rho;         // as reported
  torch::Tensor confidence;  // the gate's factor, 1 without a gate
  torch::Tensor skipped;     // bool
};

// base: M; dir: the directional term; mean cosines of the batch. All detached. Exposed for hand-computed
// tests.
DirectionalWeight directional_weight(const LossOptions& options, const LossPhase& phase,
                                     const torch::Tensor& base, const torch::Tensor& dir,
                                     const torch::Tensor& mean_target, const torch::Tensor& mean_prev);

}  // namespace runner::lvm
