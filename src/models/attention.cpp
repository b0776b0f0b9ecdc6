#include "models/attention.h"

#include <cmath>
#include <limits>

#include "cuda_kernels/functions.h"
#include "models/dropout.h"

namespace runner::lvm {

Attention::Attention(std::int64_t width, std::int64_t head_count, double drop, Generator generator)
    : heads(head_count), dropout(drop) {
  // Xavier uniform over the stacked matrix: fan_in E, fan_out 3E.
  const double bound = std::sqrt(6.0 / static_cast<double>(4 * width));
  in_proj_weight = register_parameter("in_proj_weight", uniform({3 * width, width}, bound, generator));
  in_proj_bias = register_parameter("in_proj_bias", torch::zeros({3 * width}));
  out_proj = register_module("out_proj", std::make_shared<Linear>(width, width, generator, true));
}

namespace {

// [B, T, E] -> [B, H, T, E/H]
torch::Tensor split_heads(const torch::Tensor& x, std::int64_t heads) {
  return x.reshape({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

}  // namespace

torch::Tensor Attention::forward(const torch::Tensor& queries, const torch::Tensor& memory,
                                 const torch::Tensor& mask, const Compute& compute) const {
  const auto width = in_proj_weight.size(1);
  const auto project = [&](const torch::Tensor& x, std::int64_t first, std::int64_t parts) {
    return linear(x, in_proj_weight.narrow(0, first * width, parts * width),
                  in_proj_bias.narrow(0, first * width, parts * width), compute);
  };
  torch::Tensor q, k, v;
  if (queries.is_same(memory)) {
    const auto qkv = project(memory, 0, 3).chunk(3, 2);
    q = qkv[0], k = qkv[1], v = qkv[2];
  } else {
    q = project(queries, 0, 1);
    const auto kv = project(memory, 1, 2).chunk(2, 2);
    k = kv[0], v = kv[1];
  }
  if (const auto fused =
          cuda::attention(q, k, v, heads, mask.defined(), next_dropout(dropout, is_training())))
    return linear(*fused, out_proj->weight, out_proj->bias, compute);
  const std::int64_t head_width = width / heads;
  const double scale = 1.0 / std::sqrt(static_cast<double>(head_width));
  auto scores = torch::matmul(split_heads(q, heads) * scale, split_heads(k, heads).transpose(2, 3));
  scores = scores.to(torch::kFloat32);
  if (mask.defined()) scores = scores + mask;
  auto weights = torch::softmax(scores, -1);
  weights = drop_out(weights, dropout, is_training());
  const auto mixed = torch::matmul(weights.to(v.scalar_type()), split_heads(v, heads));
  const auto joined = mixed.transpose(1, 2).reshape({queries.size(0), queries.size(1), width});
  return linear(joined, out_proj->weight, out_proj->bias, compute);
}

}  // namespace runner::lvm
