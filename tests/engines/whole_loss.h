#pragma once
#include "losses/loss_options.h"

namespace runner::lvm {

// The recipe with all its terms at work on any batch.
inline LossOptions whole_loss(Recipe recipe) {
  LossOptions o;
  o.recipe = recipe;
  o.info_nce_weight = 0.1;
  if (!is_directional(o)) return o;
  LossPhase phase;
  if (recipe == Recipe::p6b_v1) phase.margin = 0.05;
  if (recipe != Recipe::p6b_v23) phase.fraction = 0.1;
  if (recipe == Recipe::p6b_v23) phase.rho = 0.2, phase.rho_cap = 0.35;
  if (recipe != Recipe::p6b_v1) phase.margin_gap = 0.03, phase.margin_ratio = 0.05;
  o.phases = {phase};
  o.confidence_gate = false;
  o.skip_target = o.skip_prev = o.weak_target = o.weak_prev = -2;
  return o;
}

}  // namespace runner::lvm
