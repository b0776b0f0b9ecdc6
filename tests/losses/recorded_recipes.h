#pragma once
// The recipes' phase tables and numbers, as docs/lvm.md gives them and the shipped configs write them.

#include "losses/loss_options.h"

namespace runner::lvm::recipes {

inline LossPhase v1_row(std::optional<std::int64_t> until, double margin, double fraction) {
  LossPhase p;
  p.until_epoch = until, p.margin = margin, p.fraction = fraction;
  return p;
}

inline LossPhase v21_row(std::optional<std::int64_t> until, double margin, double fraction) {
  LossPhase p;
  p.until_epoch = until, p.margin_gap = margin, p.margin_ratio = 0.05, p.fraction = fraction;
  return p;
}

inline LossPhase v23_row(std::optional<std::int64_t> until, double rho, double cap, double margin) {
  LossPhase p;
  p.until_epoch = until, p.rho = rho, p.rho_cap = cap, p.margin_gap = margin, p.margin_ratio = 0.05;
  return p;
}

// "mse", "p6b_v1", "p6b_v21", "p6b_v23", or "p6b_v22": the v23 form with its own numbers.
inline LossOptions recipe(const std::string& name) {
  LossOptions o;
  o.recipe = from_word<Recipe>(name == "p6b_v22" ? "p6b_v23" : name).value();
  if (name == "p6b_v1")
    o.phases = {v1_row(3, .02, .10), v1_row(6, .03, .15), v1_row(9, .04, .20), v1_row({}, .05, .25)};
  if (name == "p6b_v21")
    o.phases = {v21_row(3, .02, .10), v21_row(6, .03, .15), v21_row(9, .04, .20), v21_row({}, .05, .25)};
  if (name == "p6b_v23")
    o.phases = {v23_row(4, .15, .30, .02), v23_row(7, .20, .35, .03), v23_row({}, .25, .40, .04)};
  if (name == "p6b_v22") {
    o.phases = {v23_row(2, .15, .35, .02), v23_row(4, .25, .45, .04), v23_row(8, .35, .50, .06),
                v23_row({}, .35, .50, .07)};
    o.confidence_gate = false;
    o.lambda_max = 0.03;
    o.pos_floor_tau = 0.12;
    o.pos_floor_weight = 2e-3;
    o.norm_pen_weight = 1e-3;
    o.orth_pen_weight = 5e-4;
  }
  return complete(o);
}

}  // namespace runner::lvm::recipes
