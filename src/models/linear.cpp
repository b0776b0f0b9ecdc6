#include "models/linear.h"

namespace runner::lvm {

torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                     const Compute& compute) {
  const auto type = product_type(compute);
  const auto input = x.to(type), w = weight.to(type), b = bias.to(type);
  if (!compute.addmm) return torch::linear(input, w, b);
  const auto rows = input.reshape({-1, input.size(-1)});
  auto shape = input.sizes().vec();
  shape.back() = w.size(0);
  return torch::addmm(b, rows, w.t()).view(shape);
}

torch::Tensor layer_norm(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias) {
  return torch::layer_norm(x.to(torch::kFloat32), {x.size(-1)}, weight, bias);
}

}  // namespace runner::lvm
