#pragma once
// Differentiable operations by the project's CUDA kernels, for the models' forward passes. Each gives nothing
// where its kernel does not fit (other devices, sizes, a build without CUDA): then the caller computes the
// same with libtorch.

#include <torch/torch.h>

#include <cstdint>
#include <optional>

namespace runner::lvm::cuda {

// Attention of `heads` heads: q [B, Q, E], k, v [B, T, E] as projected -> [B, Q, E] in their type. Softmax in
// float32; causal: query i sees keys 0..i. dropout of the probabilities, 0 in evaluation. first_row: the
// place of the first of the B rows in the batch of which they are a part, for its draws.
std::optional<torch::Tensor> attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                       std::int64_t heads, bool causal, double dropout,
                                       std::int64_t first_row);

// layer_norm(rest + dropout(part)) over the last dimension, float32; part float32 or bfloat16.
std::optional<torch::Tensor> add_norm(const torch::Tensor& rest, const torch::Tensor& part,
                                      const torch::Tensor& weight, const torch::Tensor& bias, double dropout,
                                      std::int64_t first_row);

#ifndef RUNNER_CUDA
inline std::optional<torch::Tensor> attention(const torch::Tensor&, const torch::Tensor&,
                                              const torch::Tensor&, std::int64_t, bool, double,
                                              std::int64_t) {
  return std::nullopt;
}
inline std::optional<torch::Tensor> add_norm(const torch::Tensor&, const torch::Tensor&, const torch::Tensor&,
                                             const torch::Tensor&, double, std::int64_t) {
  return std::nullopt;
}
#endif

}  // namespace runner::lvm::cuda
