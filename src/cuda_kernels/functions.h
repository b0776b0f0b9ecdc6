#pragma once
// Differentiable operations by the project's CUDA kernels, for the models' forward passes. Each gives nothing
// where its kernel does not fit (other devices, sizes, a build without CUDA): then the caller computes the
// same with libtorch.

#include <torch/torch.h>

#include <cstdint>
#include <optional>

namespace runner::lvm::cuda {

// Where a dropout stands, for its draws.
struct DropoutPlace {
  double probability = 0;      // 0 in evaluation
  torch::Tensor key;           // of the step: [1] int64 on the device; undefined: drawn there
  std::int64_t number = 0;     // tells the places of a step apart
  std::int64_t first_row = 0;  // the place of the first row in the batch of which the rows are a part
};

// Attention of `heads` heads: q [B, Q, E], k, v [B, T, E] as projected -> [B, Q, E] in their type. Softmax in
// float32; causal: query i sees keys 0..i. dropout: of the probabilities.
std::optional<torch::Tensor> attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                       std::int64_t heads, bool causal, const DropoutPlace& dropout);

// layer_norm(rest + dropout(part)) over the last dimension, float32; part float32 or bfloat16.
std::optional<torch::Tensor> add_norm(const torch::Tensor& rest, const torch::Tensor& part,
                                      const torch::Tensor& weight, const torch::Tensor& bias,
                                      const DropoutPlace& dropout);

// dropout(x), or with `relu` dropout(relu(x)), in x's type, float32 or bfloat16. x [B, …].
std::optional<torch::Tensor> drop_out(const torch::Tensor& x, bool relu, const DropoutPlace& dropout);

#ifndef RUNNER_CUDA
inline std::optional<torch::Tensor> attention(const torch::Tensor&, const torch::Tensor&,
                                              const torch::Tensor&, std::int64_t, bool, const DropoutPlace&) {
  return std::nullopt;
}
inline std::optional<torch::Tensor> add_norm(const torch::Tensor&, const torch::Tensor&, const torch::Tensor&,
                                             const torch::Tensor&, const DropoutPlace&) {
  return std::nullopt;
}
inline std::optional<torch::Tensor> drop_out(const torch::Tensor&, bool, const DropoutPlace&) {
  return std::nullopt;
}
#endif

}  // namespace runner::lvm::cuda
