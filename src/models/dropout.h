#pragma once
// Dropout of models over a part of a batch: drawn as for the whole, so that it does not matter who computes
// which rows.

#include <torch/torch.h>

namespace runner::lvm {

// For as long as it lives, on this thread: what goes through a model are rows first … of a batch of `rows`.
class PartOfBatch {
 public:
  PartOfBatch(std::int64_t first, std::int64_t rows);
  ~PartOfBatch();
  PartOfBatch(const PartOfBatch&) = delete;
  PartOfBatch& operator=(const PartOfBatch&) = delete;
};
std::int64_t first_row_of_part();  // 0 without one

// As torch::dropout. x [B, …]; with a PartOfBatch the whole batch's draws are made and x's rows of them
// taken.
torch::Tensor drop_out(const torch::Tensor& x, double probability, bool training);

}  // namespace runner::lvm
