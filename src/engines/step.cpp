#include "engines/step.h"

namespace runner::lvm {

double read_figures(LossParts& loss, const torch::Tensor& norm) {
  const torch::NoGradGuard no_grad;
  const std::vector<torch::Tensor*> values = loss.values();
  std::vector<torch::Tensor> all{norm};
  all.reserve(values.size() + 1);
  for (const torch::Tensor* value : values) all.push_back(value->detach());
  const torch::Tensor figures = torch::stack(all).cpu();
  for (std::size_t i = 0; i < values.size(); ++i) *values[i] = figures[static_cast<std::int64_t>(i) + 1];
  return figures[0].item<double>();
}

torch::Tensor flatten_parameters(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> parts;
  for (const auto& p : module.parameters()) parts.push_back(p.reshape({-1}));
  torch::Tensor flat = torch::cat(parts).contiguous();
  std::int64_t at = 0;
  for (auto& p : module.parameters()) {
    p.set_data(flat.narrow(0, at, p.numel()).view(p.sizes()));
    at += p.numel();
  }
  return flat;
}

std::uint64_t derived_seed(std::uint64_t seed, std::uint64_t purpose, std::uint64_t counter) {
  std::uint64_t z = seed + 0x9E3779B97F4A7C15ull * (1 + purpose + (counter << 8));
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

}  // namespace runner::lvm
