#pragma once
// Dropout of models over a part of a batch: drawn as for the whole, so that it does not matter who computes
// which rows.

#include <torch/torch.h>

#include "cuda_kernels/functions.h"

namespace runner::lvm {

// For as long as it lives, on this thread, and for one forward pass: what goes through a model are rows
// first … of a batch of `rows`.
class PartOfBatch {
 public:
  // key [1] int64: on a CUDA device, what all draws of the step are made from, by place and row. Undefined,
  // and on other devices, libtorch's generator draws.
  PartOfBatch(std::int64_t first, std::int64_t rows, torch::Tensor key = {});
  ~PartOfBatch();
  PartOfBatch(const PartOfBatch&) = delete;
  PartOfBatch& operator=(const PartOfBatch&) = delete;
};

// The next place of the forward pass, for CUDA kernels.
cuda::DropoutPlace next_dropout(double probability, bool training);

// As torch::dropout. x [B, …]; with a PartOfBatch the whole batch's draws are made and x's rows of them
// taken.
torch::Tensor drop_out(const torch::Tensor& x, double probability, bool training);
// Of relu(x).
torch::Tensor relu_drop_out(const torch::Tensor& x, double probability, bool training);

}  // namespace runner::lvm
