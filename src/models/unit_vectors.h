#pragma once
// Unit vectors and cosines as docs/lvm.md, Notation, defines them.

#include <torch/torch.h>

namespace runner::lvm {

// x / max(|x|, floor) over the last dimension.
torch::Tensor unit(const torch::Tensor& x, double floor = 1e-8);
// Row-wise cosine unit(a)·unit(b) over the last dimension.
torch::Tensor row_cosine(const torch::Tensor& a, const torch::Tensor& b);

}  // namespace runner::lvm
