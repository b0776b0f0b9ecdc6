#include "losses/loss_options.h"

namespace runner::lvm {

namespace {

void declare_phase(config::Binder& b, LossPhase& p) {
  b.option("until_epoch", p.until_epoch, "holds while epoch (from 0) is below this; the last row has none")
      .range(1, 1e9);
  b.option("margin", p.margin, "p6b_v1: wanted gap").range(-2, 2);
  b.option("fraction", p.fraction, "p6b_v1, p6b_v21: lambda starts as base loss * fraction / dir")
      .range(0, 1e6);
  b.option("rho", p.rho, "p6b_v23: wanted share of the directional term").range(0, 1e6);
  b.option("rho_cap", p.rho_cap, "p6b_v23: highest share of the directional term").range(0, 1e6);
  b.option("margin_gap", p.margin_gap, "p6b_v21, p6b_v23: wanted gap").range(-2, 2);
  b.option("margin_ratio", p.margin_ratio, "p6b_v21, p6b_v23: wanted relative gap").range(-2, 2);
}

constexpr double kHuge = 1e9;

void declare_base(config::Binder& b, LossOptions& o) {
  const auto weight = [&](const char* key, auto& target, const char* help) -> config::Field& {
    return b.option(key, target, help).range(0, kHuge);
  };
  weight("loss.mse.weight", o.mse_weight, "mean((raw - target)^2); default 1, recipe cosine 0")
      .also_called({"lambda_mse"});
  weight("loss.cosine.weight", o.cosine_weight,
         "mean(1 - cos(pred, target)); default 0: not computed, recipe cosine 1");
  weight("loss.info_nce.weight", o.info_nce_weight, "contrastive term over the batch; 0: not computed")
      .also_called({"lambda_info", "lambda_infonce"});
  b.option("loss.info_nce.temperature", o.info_nce_temperature, "its temperature")
      .above(0)
      .also_called({"tau"});
  weight("loss.moment.weight", o.moment_weight, "difference of batch means and deviations; 0: not computed")
      .also_called({"lambda_moment"});
  weight("loss.variance.weight", o.variance_weight, "relu(1 - deviation over the batch); 0: not computed")
      .also_called({"lambda_variance"});
  weight("loss.directional_hinge.weight", o.hinge_weight,
         "hinge of target against last vector; 0: not computed");
  b.option("loss.directional_hinge.margin", o.hinge_margin, "its margin").range(-2, 2);
  weight("loss.anti_copy.weight", o.anti_copy_weight,
         "hinge of target against every context; 0: not computed");
  b.option("loss.anti_copy.margin", o.anti_copy_margin, "its margin").range(-2, 2);
}

void declare_directional(config::Binder& b, LossOptions& o) {
  b.option("loss.gamma", o.gamma, "sharpness of the directional softplus; default 4").above(0);
  b.option("loss.gap_share", o.gap_share, "share of the gap in the directional term; default 0.7")
      .range(0, kHuge);
  b.option("loss.ratio_share", o.ratio_share, "share of the ratio in it; default 0.3").range(0, kHuge);
  b.option("loss.lambda_min", o.lambda_min, "lowest weight of the directional term; default 1e-4")
      .range(0, kHuge);
  b.option("loss.lambda_max", o.lambda_max, "highest; default 0.02, p6b_v23 0.018").range(0, kHuge);
  b.option("loss.share_cap", o.share_cap, "p6b_v21: highest lambda * dir / base; default 0.25").above(0);
  b.option("loss.controller_low", o.controller_low,
           "p6b_v23: lambda is raised below this part of rho; default 0.8")
      .range(0, 1);
  b.option("loss.confidence.gate", o.confidence_gate,
           "weaken the term while cosines are low; default p6b_v23 true");
  b.option("loss.confidence.start", o.confidence_start, "cosine where the gate opens; default 0.30")
      .range(-1, 1);
  b.option("loss.confidence.width", o.confidence_width, "cosine over which it opens fully; default 0.15")
      .above(0);
  b.option("loss.skip.target", o.skip_target, "skip while mean cos(pred, target) is below; default 0")
      .range(-1, 1);
  b.option("loss.skip.prev", o.skip_prev, "p6b_v1: skip while mean cos(pred, prev) is below; default 0")
      .range(-1, 1);
  b.option("loss.skip.weak_target", o.weak_target,
           "p6b_v21, p6b_v23: skip while mean cos(pred, target) is below this and …; default 0.05")
      .range(-1, 1);
  b.option("loss.skip.weak_prev", o.weak_prev, "… mean cos(pred, prev) below this; default -0.05")
      .range(-1, 1);
  b.option("loss.pos_floor.weight", o.pos_floor_weight, "weight of relu(tau - cos)^2; default 1e-3, p6b_v1 0")
      .range(0, kHuge);
  b.option("loss.pos_floor.tau", o.pos_floor_tau, "its cosine; default 0.10").range(-1, 1);
  b.option("loss.norm_pen.weight", o.norm_pen_weight, "weight of (|cos| - 1)^2; default 1e-3, p6b_v1 0")
      .range(0, kHuge);
  b.option("loss.orth_pen.weight", o.orth_pen_weight, "weight of cos(pred, prev)^2; default 0, p6b_v23 1e-4")
      .range(0, kHuge);
}

}  // namespace

void declare(config::Binder& b, LossOptions& o) {
  b.option("loss.recipe", o.recipe, "mean squared error, 1 - cosine, or a directional recipe");
  b.items("loss.phases", o.phases, "the recipe's numbers by epoch", declare_phase);
  declare_base(b, o);
  declare_directional(b, o);
}

void declare(config::Binder& b, AugmentOptions& o) {
  b.option("augment.last_slot.probability", o.probability, "that a training row's last vector is corrupted")
      .range(0, 1);
  b.option("augment.last_slot.sigma", o.sigma, "deviation of the noise added to it").range(0, 1e6);
  b.option("augment.last_slot.swap", o.swap, "part of the corrupted that take the vector before instead")
      .range(0, 1);
}

bool is_directional(const LossOptions& o) {
  return o.recipe != Recipe::mse && o.recipe != Recipe::cosine;
}

LossOptions complete(LossOptions o) {
  const bool v1 = o.recipe == Recipe::p6b_v1, v23 = o.recipe == Recipe::p6b_v23,
             cosine = o.recipe == Recipe::cosine;
  const auto fill = [](auto& field, auto value) {
    if (!field) field = value;
  };
  fill(o.mse_weight, cosine ? 0.0 : 1.0);
  fill(o.cosine_weight, cosine ? 1.0 : 0.0);
  fill(o.gamma, 4.0);
  fill(o.gap_share, 0.7);
  fill(o.ratio_share, 0.3);
  fill(o.lambda_min, 1e-4);
  fill(o.lambda_max, v23 ? 0.018 : 0.02);
  fill(o.share_cap, 0.25);
  fill(o.controller_low, 0.8);
  fill(o.confidence_gate, v23);
  fill(o.confidence_start, 0.30);
  fill(o.confidence_width, 0.15);
  fill(o.skip_target, 0.0);
  fill(o.skip_prev, 0.0);
  fill(o.weak_target, 0.05);
  fill(o.weak_prev, -0.05);
  const double penalty = v1 || !is_directional(o) ? 0.0 : 1e-3;
  fill(o.pos_floor_weight, penalty);
  fill(o.pos_floor_tau, 0.10);
  fill(o.norm_pen_weight, penalty);
  fill(o.orth_pen_weight, v23 ? 1e-4 : 0.0);
  return o;
}

std::size_t phase_index(const LossOptions& o, std::int64_t epoch0) {
  for (std::size_t i = 0; i < o.phases.size(); ++i)
    if (!o.phases[i].until_epoch || epoch0 < *o.phases[i].until_epoch) return i;
  return o.phases.empty() ? 0 : o.phases.size() - 1;
}

const LossPhase& phase_of(const LossOptions& o, std::int64_t epoch0) {
  return o.phases.at(phase_index(o, epoch0));
}

}  // namespace runner::lvm
