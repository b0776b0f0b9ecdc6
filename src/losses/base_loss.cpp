#include "losses/base_loss.h"

namespace runner::lvm {

torch::Tensor cosine_distance(const torch::Tensor& cos, const torch::Tensor& targets) {
  return (1 - row_cosine(cos, targets)).mean();
}

torch::Tensor info_nce(const torch::Tensor& cos, const torch::Tensor& targets, double temperature) {
  const auto scores = torch::matmul(cos, unit(targets).t()) / temperature;  // [B, B]
  const auto own = scores.diagonal();
  return (torch::logsumexp(scores, 1) - own).mean() + (torch::logsumexp(scores, 0) - own).mean();
}

torch::Tensor moment_difference(const torch::Tensor& raw, const torch::Tensor& targets) {
  auto means = (raw.mean(0) - targets.mean(0)).square().mean();
  if (raw.size(0) < 2) return means;
  return means + (raw.std(0, /*unbiased=*/true) - targets.std(0, true)).square().mean();
}

torch::Tensor variance_shortfall(const torch::Tensor& cos) {
  if (cos.size(0) < 2) return (cos * 0).sum();
  return torch::relu(1 - cos.std(0, /*unbiased=*/true)).mean();
}

torch::Tensor directional_hinge(const torch::Tensor& cos, const torch::Tensor& contexts,
                                const torch::Tensor& targets, double margin) {
  const auto last = contexts.select(1, contexts.size(1) - 1);
  return torch::relu(margin - (row_cosine(cos, targets) - row_cosine(cos, last))).mean();
}

torch::Tensor anti_copy_hinge(const torch::Tensor& cos, const torch::Tensor& contexts,
                              const torch::Tensor& targets, double margin) {
  const auto copies = row_cosine(cos.unsqueeze(1), contexts);  // [B, T]
  const auto target = row_cosine(cos, targets).unsqueeze(1);   // [B, 1]
  return torch::relu(margin - (target - copies)).mean();
}

torch::Tensor base_loss(const LossOptions& o, const Prediction& prediction, const torch::Tensor& contexts,
                        const torch::Tensor& targets, LossParts& parts) {
  torch::Tensor total;
  const auto add = [&total](double weight, const torch::Tensor& term) {
    const auto weighted = weight == 1 ? term : term * weight;
    total = total.defined() ? total + weighted : weighted;
  };
  const auto add_optional = [&](const char* name, double weight, const torch::Tensor& term) {
    parts.optional_terms.emplace_back(name, term.detach());
    add(weight, term);
  };
  const auto& [raw, cos] = prediction;
  if (*o.mse_weight != 0) {
    const auto mse = torch::mse_loss(raw, targets);
    parts.loss_mse = mse.detach();
    add(*o.mse_weight, mse);
  } else {
    parts.loss_mse = torch::mse_loss(raw.detach(), targets);  // reported all the same
  }
  if (*o.cosine_weight != 0) add_optional("cosine", *o.cosine_weight, cosine_distance(cos, targets));
  if (o.info_nce_weight != 0)
    add_optional("info_nce", o.info_nce_weight, info_nce(cos, targets, o.info_nce_temperature));
  if (o.moment_weight != 0) add_optional("moment", o.moment_weight, moment_difference(raw, targets));
  if (o.variance_weight != 0) add_optional("variance", o.variance_weight, variance_shortfall(cos));
  if (o.hinge_weight != 0)
    add_optional("directional_hinge", o.hinge_weight,
                 directional_hinge(cos, contexts, targets, o.hinge_margin));
  if (o.anti_copy_weight != 0)
    add_optional("anti_copy", o.anti_copy_weight,
                 anti_copy_hinge(cos, contexts, targets, o.anti_copy_margin));
  return total;
}

}  // namespace runner::lvm
