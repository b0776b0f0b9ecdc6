#pragma once
// Quick alignment figures of a validation split: does the prediction point at the target rather than at what
// it saw?

#include <torch/torch.h>

#include <cstdint>
#include <vector>

namespace runner::lvm {

struct AlignmentMetrics {
  double margin = 0;     // mean cos(pred, target) - mean cos(pred, last)
  double r_at_1 = 0;     // share of rows whose target ranks first among all vectors of its article
  double r_at_5 = 0;     // … within the first five
  double legacy_r5 = 0;  // rank among the T context vectors and the target, ties against it; chance level 5/6
  std::int64_t rows = 0;         // rows seen
  std::int64_t ranked_rows = 0;  // rows whose article is known: those behind r_at_1 and r_at_5
};

// Sums over batches, so that no split has to be held at once.
class AlignmentSums {
 public:
  // predictions, targets [B, D], contexts [B, T, D]; any norm, any device.
  void add(const torch::Tensor& predictions, const torch::Tensor& contexts, const torch::Tensor& targets);

  // Ranks one article's rows: predictions [R, D], the article's vectors [N, D], and each row's target as a
  // row of `article` [R] (int64, CPU). Rank = 1 + number of strictly higher similarities, own score of the
  // same product.
  void add_ranks(const torch::Tensor& predictions, const torch::Tensor& article,
                 const torch::Tensor& target_rows);

  AlignmentMetrics result() const;

 private:
  double target_sum_ = 0, last_sum_ = 0;
  std::int64_t rows_ = 0, ranked_ = 0, first_ = 0, five_ = 0, legacy_ = 0;
};

// Ranks of `target_rows` in predictions·articleᵀ (unit vectors): [R] int64 on the CPU.
torch::Tensor ranks_within(const torch::Tensor& predictions, const torch::Tensor& article,
                           const torch::Tensor& target_rows);

}  // namespace runner::lvm
