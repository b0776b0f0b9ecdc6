#pragma once
// The one way in which models multiply by a weight, so that a device's rules hold everywhere.

#include <torch/torch.h>

namespace runner::lvm {

struct Compute {
  bool addmm = false;  // torch::addmm in place of torch::linear: on MPS linear crashes from two threads on
  bool bf16 = false;   // products in bfloat16; weights stay float32, norms, softmax and loss too
};

// x·wᵀ + b for x [..., in], w [out, in], b [out]. Result: bfloat16 with compute.bf16, else float32.
torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                     const Compute& compute);

// The type in which products are computed.
inline torch::Dtype product_type(const Compute& compute) {
  return compute.bf16 ? torch::kBFloat16 : torch::kFloat32;
}

// Layer norm over the last dimension, computed and returned in float32.
torch::Tensor layer_norm(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias);

}  // namespace runner::lvm
