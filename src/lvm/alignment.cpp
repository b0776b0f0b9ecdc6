#include "lvm/alignment.h"

#include "lvm/unit.h"

namespace runner::lvm {

void AlignmentSums::add(const torch::Tensor& predictions, const torch::Tensor& contexts,
                        const torch::Tensor& targets) {
  const torch::NoGradGuard no_grad;
  const auto predicted = unit(predictions);
  const auto target = (predicted * unit(targets)).sum(-1);              // [B]
  const auto seen = (predicted.unsqueeze(1) * unit(contexts)).sum(-1);  // [B, T]
  const auto last = seen.select(1, seen.size(1) - 1);
  // Ties count against the target.
  const auto rank = 1 + (seen >= target.unsqueeze(1)).sum(1);
  target_sum_ += target.cpu().sum(torch::kFloat64).item<double>();  // MPS has no float64
  last_sum_ += last.cpu().sum(torch::kFloat64).item<double>();
  legacy_ += (rank <= 5).sum().item<std::int64_t>();
  rows_ += predictions.size(0);
}

torch::Tensor ranks_within(const torch::Tensor& predictions, const torch::Tensor& article,
                           const torch::Tensor& target_rows) {
  const auto scores = torch::matmul(unit(predictions), unit(article).t());                         // [R, N]
  const auto own = scores.gather(1, target_rows.to(scores.device(), torch::kInt64).unsqueeze(1));  // [R, 1]
  return (1 + (scores > own).sum(1)).cpu();
}

void AlignmentSums::add_ranks(const torch::Tensor& predictions, const torch::Tensor& article,
                              const torch::Tensor& target_rows) {
  const torch::NoGradGuard no_grad;
  const auto ranks = ranks_within(predictions, article, target_rows);
  ranked_ += ranks.size(0);
  first_ += (ranks <= 1).sum().item<std::int64_t>();
  five_ += (ranks <= 5).sum().item<std::int64_t>();
}

AlignmentMetrics AlignmentSums::result() const {
  AlignmentMetrics m;
  const auto share = [](double part, std::int64_t whole) {
    return whole == 0 ? 0 : part / static_cast<double>(whole);
  };
  m.rows = rows_;
  m.ranked_rows = ranked_;
  m.margin = share(target_sum_ - last_sum_, rows_);
  m.legacy_r5 = share(static_cast<double>(legacy_), rows_);
  m.r_at_1 = share(static_cast<double>(first_), ranked_);
  m.r_at_5 = share(static_cast<double>(five_), ranked_);
  return m;
}

}  // namespace runner::lvm
