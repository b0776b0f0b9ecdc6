#include "losses/recipe.h"

namespace runner::lvm {

namespace {

// softplus(gamma * (margin - x)) / gamma, by row.
torch::Tensor soft_hinge(const torch::Tensor& x, double margin, double gamma) {
  return torch::softplus(gamma * (margin - x)) / gamma;
}

torch::Tensor directional_term(const LossOptions& o, const LossPhase& phase, const torch::Tensor& target,
                               const torch::Tensor& prev) {
  const auto gap = target - prev;
  if (o.recipe == Recipe::p6b_v1) return soft_hinge(gap, *phase.margin, *o.gamma).mean();
  const auto ratio = gap / (target.abs() + prev.abs() + 1e-6);
  return (*o.gap_share * soft_hinge(gap, *phase.margin_gap, *o.gamma) +
          *o.ratio_share * soft_hinge(ratio, *phase.margin_ratio, *o.gamma))
      .mean();
}

// p6b_v21's cap: lambda so that its share of the base loss is at most `cap`.
torch::Tensor capped(const torch::Tensor& lambda, const torch::Tensor& share, double cap) {
  return torch::where(share > cap, lambda * cap / share, lambda);
}

}  // namespace

DirectionalWeight directional_weight(const LossOptions& o, const LossPhase& phase, const torch::Tensor& base,
                                     const torch::Tensor& dir, const torch::Tensor& mean_target,
                                     const torch::Tensor& mean_prev) {
  DirectionalWeight w;
  const auto m = base.clamp_min(1e-8), d = dir.clamp_min(1e-8);
  const auto limit = [&o](const torch::Tensor& lambda) { return lambda.clamp(*o.lambda_min, *o.lambda_max); };
  const bool v23 = o.recipe == Recipe::p6b_v23;
  auto lambda = limit(m * (v23 ? *phase.rho : *phase.fraction) / d);
  auto share = lambda * d / m;
  w.rho = share;
  if (o.recipe == Recipe::p6b_v21) {
    lambda = capped(lambda, share, *o.share_cap);
  } else if (v23) {
    const auto raised = limit(lambda * (*phase.rho / share.clamp_min(1e-6)));
    const auto lowered = capped(lambda, share, *phase.rho_cap);
    lambda = torch::where(share < *o.controller_low * *phase.rho, raised, lowered);
    w.rho = lambda * d / m;
  }
  w.confidence = *o.confidence_gate ? ((mean_target - *o.confidence_start) / *o.confidence_width).clamp(0, 1)
                                    : torch::ones_like(lambda);
  if (*o.confidence_gate) lambda = lambda * w.confidence;
  if (o.recipe == Recipe::p6b_v1)
    w.skipped = (mean_target < *o.skip_target).logical_or(mean_prev < *o.skip_prev);
  else
    w.skipped = (mean_target < *o.skip_target)
                    .logical_or((mean_target < *o.weak_target).logical_and(mean_prev < *o.weak_prev));
  w.lambda = torch::where(w.skipped, torch::zeros_like(lambda), lambda);
  return w;
}

void add_recipe(const LossOptions& o, const LossPhase& phase, const torch::Tensor& cos,
                const torch::Tensor& contexts, const torch::Tensor& targets, double directional_scale,
                LossParts& parts) {
  const auto predicted = unit(cos);
  const auto target = (predicted * unit(targets)).sum(-1);                                 // [B]
  const auto prev = (predicted * unit(contexts.select(1, contexts.size(1) - 2))).sum(-1);  // [B]
  const auto dir = directional_term(o, phase, target, prev);
  const auto mean_target = target.detach().mean();
  const auto w =
      directional_weight(o, phase, parts.loss_base, dir.detach(), mean_target, prev.detach().mean());

  parts.cosine = parts.cos_pred_target = mean_target;
  parts.rho = w.rho;
  parts.confidence = w.confidence;
  parts.neg_cos_count = w.skipped.to(torch::kFloat32);
  parts.rho_target = phase.rho.value_or(0);
  parts.rho_cap = phase.rho_cap.value_or(0);
  if (directional_scale != 0) {
    const auto added = w.lambda * directional_scale * dir;
    parts.loss_dir = added.detach();
    parts.total = parts.total + added;
  } else {
    parts.loss_dir = torch::zeros_like(mean_target);
  }

  const auto penalty = [&parts](double weight, torch::Tensor& part, const auto& term) {
    if (weight == 0) return;
    const torch::Tensor value = term();
    part = value.detach();
    parts.total = parts.total + weight * value;
  };
  penalty(*o.pos_floor_weight, parts.pos_floor,
          [&] { return torch::relu(*o.pos_floor_tau - target).square().mean(); });
  penalty(*o.norm_pen_weight, parts.norm_pen, [&] { return (cos.norm(2, -1) - 1).square().mean(); });
  penalty(*o.orth_pen_weight, parts.orth_pen, [&] { return prev.square().mean(); });
}

}  // namespace runner::lvm
