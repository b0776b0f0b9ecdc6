#include "engines/libtorch/optimizer.h"

namespace runner::lvm {

AdamW::AdamW(std::vector<torch::Tensor> params, AdamwOptions opts)
    : options(opts), parameters(std::move(params)) {
  for (const auto& p : parameters) {
    exp_avg.push_back(torch::zeros_like(p, torch::TensorOptions().requires_grad(false)));
    exp_avg_sq.push_back(torch::zeros_like(p, torch::TensorOptions().requires_grad(false)));
  }
}

void AdamW::step() {
  const torch::NoGradGuard no_grad;
  ++steps;
  const BiasCorrection correction = bias_correction(options, steps);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    auto& p = parameters[i];
    const auto& grad = p.grad();
    if (!grad.defined()) continue;
    p.mul_(1 - options.lr * options.weight_decay);
    exp_avg[i].mul_(options.beta1).add_(grad, 1 - options.beta1);
    exp_avg_sq[i].mul_(options.beta2).addcmul_(grad, grad, 1 - options.beta2);
    const auto scale = (exp_avg_sq[i].sqrt() / correction.second_root).add_(options.eps);
    p.addcdiv_(exp_avg[i], scale, -options.lr / correction.first);
  }
}

void AdamW::zero_grad() {
  for (auto& p : parameters)
    if (p.grad().defined()) p.mutable_grad() = torch::Tensor();
}

}  // namespace runner::lvm
