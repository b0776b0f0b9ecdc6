#pragma once
// Attention of one position over a few earlier ones that lie scattered, on the CPU: the keys and values are
// read where they are, nothing is gathered.

#include <torch/torch.h>

#include <vector>

namespace runner::lvm::cat {

// Keys beside values, [n, 2E]: for row i of the queries those of row rows[i], or of row i when rows is null.
struct KeysValues {
  torch::Tensor values;
  const std::int64_t* rows = nullptr;
};

// queries [M, E], seen: at most 128; all of one type, float32 or bfloat16, their last dimension dense.
// Returns [M, E] of that type; sums and softmax are float32.
torch::Tensor attend_on_cpu(const torch::Tensor& queries, const std::vector<KeysValues>& seen,
                            std::int64_t heads);

}  // namespace runner::lvm::cat
