#pragma once
// Quick alignment figures of a split: does the prediction point at the target rather than at what it saw?
// What each says, its chance level and what a good value is: docs/metrics.md.

#include <torch/torch.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "contract/figures.h"

namespace runner::lvm {

// Retrieval of one kind; nothing where no row could be ranked: no vectors of its article are at hand.
struct Retrieval {
  std::optional<double> r_at_1, r_at_5;      // share of rows whose target is among the first 1, 5
  std::optional<double> mrr;                 // mean of 1 / rank
  std::optional<double> chance_1, chance_5;  // what a random order would reach
};

struct AlignmentMetrics {
  double margin = 0;     // mean cos(pred, target) - mean cos(pred, last)
  double legacy_r5 = 0;  // rank among the T context vectors and the target, ties against it
  double legacy_chance = 0;
  Retrieval article;             // among all vectors of the target's article
  Retrieval fresh;               // among those of them that are not in the context
  std::int64_t rows = 0;         // rows seen
  std::int64_t ranked_rows = 0;  // rows whose article is known: those behind the retrieval
};

ChanceLevels chance_levels(const AlignmentMetrics& metrics);

// The sum of values on any device, in float64: on the CPU, since MPS has no float64.
double sum_of(const torch::Tensor& values);

// Sums over batches, so that no split has to be held at once.
class AlignmentSums {
 public:
  // predictions, targets [B, D], contexts [B, T, D]; any norm, any device.
  void add(const torch::Tensor& predictions, const torch::Tensor& contexts, const torch::Tensor& targets);

  // Ranks one article's rows: predictions [R, D], the article's vectors [N, D], each row's target as a row of
  // `article` [R], and which rows of `article` its context holds: seen [R, N] (bool). Rank = 1 + number of
  // strictly higher similarities, own score of the same product.
  void add_ranks(const torch::Tensor& predictions, const torch::Tensor& article,
                 const torch::Tensor& target_rows, const torch::Tensor& seen);

  AlignmentMetrics result() const;

  // The sums, for ranks that add theirs up. context: T.
  std::vector<double> values() const;
  void set_values(const std::vector<double>& values, std::int64_t context);

 private:
  struct RankSums {
    double first = 0, five = 0, reciprocal = 0, chance_1 = 0, chance_5 = 0;
    // higher [R]: candidates that rank before the target; candidates [R]: with the target itself.
    void add(const torch::Tensor& higher, const torch::Tensor& candidates);
    Retrieval result(std::int64_t rows) const;
  };
  double target_sum_ = 0, last_sum_ = 0;
  std::int64_t rows_ = 0, ranked_ = 0, legacy_ = 0, context_ = 0;
  RankSums article_, fresh_;
};

// Ranks of `target_rows` in predictions·articleᵀ (unit vectors): [R] int64 on the CPU.
torch::Tensor ranks_within(const torch::Tensor& predictions, const torch::Tensor& article,
                           const torch::Tensor& target_rows);

// seen [R, article_rows] from context_rows [R, T] int64 (-1: a vector that is no row of the article); a row's
// own target is never among them.
torch::Tensor seen_rows(const torch::Tensor& context_rows, const torch::Tensor& target_rows,
                        std::int64_t article_rows);

}  // namespace runner::lvm
