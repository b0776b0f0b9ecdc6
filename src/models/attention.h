#pragma once

#include <memory>

#include "models/init.h"
#include "models/linear.h"

namespace runner::lvm {

// Attention under nn.MultiheadAttention's names.
struct Attention : torch::nn::Module {
  Attention(std::int64_t width, std::int64_t heads, double dropout, Generator generator);

  // queries [B, Q, E] over memory [B, T, E]; mask [T, T] to add to the scores, or undefined for no mask.
  torch::Tensor forward(const torch::Tensor& queries, const torch::Tensor& memory, const torch::Tensor& mask,
                        const Compute& compute) const;

  std::int64_t heads;
  double dropout;
  torch::Tensor in_proj_weight, in_proj_bias;  // [3E, E], [3E]: queries, keys, values
  std::shared_ptr<Linear> out_proj;
};

}  // namespace runner::lvm
