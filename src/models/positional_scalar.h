#pragma once
// The positional scalar: a feature that tells a context vector's place.

#include <torch/torch.h>

namespace runner::lvm {

// contexts [B, T, D] with linspace(0, 1, T) * s as feature D+1: [B, T, D+1].
torch::Tensor append_positional_scalar(const torch::Tensor& contexts, double s);

}  // namespace runner::lvm
