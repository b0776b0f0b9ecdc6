#include "training/alignment.h"

#include <algorithm>

#include "models/unit_vectors.h"

namespace runner::lvm {
namespace {

// Equal vectors of an article have equal scores, but for the rounding of products of another shape.
constexpr double tie = 1e-6;

// [R, N] true where a vector of the article scores above the row's target.
torch::Tensor ranks_before(const torch::Tensor& predictions, const torch::Tensor& article,
                           const torch::Tensor& target_rows) {
  const auto scores = torch::matmul(unit(predictions), unit(article).t());
  const auto own = scores.gather(1, target_rows.to(scores.device(), torch::kInt64).unsqueeze(1));  // [R, 1]
  return scores > own + tie;
}

}  // namespace

double sum_of(const torch::Tensor& values) {
  return values.cpu().sum(torch::kFloat64).item<double>();
}

void AlignmentSums::add(const torch::Tensor& predictions, const torch::Tensor& contexts,
                        const torch::Tensor& targets) {
  const torch::NoGradGuard no_grad;
  const auto predicted = unit(predictions);
  const auto target = (predicted * unit(targets)).sum(-1);              // [B]
  const auto seen = (predicted.unsqueeze(1) * unit(contexts)).sum(-1);  // [B, T]
  const auto last = seen.select(1, seen.size(1) - 1);
  // Ties count against the target.
  const auto rank = 1 + (seen >= target.unsqueeze(1)).sum(1);
  target_sum_ += sum_of(target);
  last_sum_ += sum_of(last);
  legacy_ += (rank <= 5).sum().item<std::int64_t>();
  rows_ += predictions.size(0);
  context_ = contexts.size(1);
}

torch::Tensor ranks_within(const torch::Tensor& predictions, const torch::Tensor& article,
                           const torch::Tensor& target_rows) {
  return (1 + ranks_before(predictions, article, target_rows).sum(1)).cpu();
}

torch::Tensor seen_rows(const torch::Tensor& context_rows, const torch::Tensor& target_rows,
                        std::int64_t article_rows) {
  // A column in front takes what is no row of the article.
  auto seen = torch::zeros({context_rows.size(0), article_rows + 1}, torch::kBool);
  seen.scatter_(1, context_rows + 1, true);
  seen.scatter_(1, target_rows.unsqueeze(1) + 1, false);
  return seen.narrow(1, 1, article_rows);
}

void AlignmentSums::add_ranks(const torch::Tensor& predictions, const torch::Tensor& article,
                              const torch::Tensor& target_rows, const torch::Tensor& seen) {
  const torch::NoGradGuard no_grad;
  const auto before = ranks_before(predictions, article, target_rows).cpu();
  const auto fresh = seen.logical_not();
  ranked_ += predictions.size(0);
  article_.add(before.sum(1), torch::full({predictions.size(0)}, article.size(0)));
  fresh_.add(before.logical_and(fresh).sum(1), fresh.sum(1));
}

void AlignmentSums::RankSums::add(const torch::Tensor& higher, const torch::Tensor& candidates) {
  first += sum_of(higher < 1);
  five += sum_of(higher < 5);
  reciprocal += sum_of(1.0 / (1 + higher.to(torch::kFloat64)));
  chance_1 += sum_of(1.0 / candidates.to(torch::kFloat64));
  chance_5 += sum_of((5.0 / candidates.to(torch::kFloat64)).clamp_max(1));
}

Retrieval AlignmentSums::RankSums::result(std::int64_t rows) const {
  if (rows == 0) return {};
  const auto n = static_cast<double>(rows);
  return {first / n, five / n, reciprocal / n, chance_1 / n, chance_5 / n};
}

std::vector<double> AlignmentSums::values() const {
  std::vector<double> values{target_sum_, last_sum_, static_cast<double>(rows_), static_cast<double>(ranked_),
                             static_cast<double>(legacy_)};
  for (const RankSums* r : {&article_, &fresh_})
    values.insert(values.end(), {r->first, r->five, r->reciprocal, r->chance_1, r->chance_5});
  return values;
}

void AlignmentSums::set_values(const std::vector<double>& values, std::int64_t context) {
  auto at = values.begin();
  target_sum_ = *at++;
  last_sum_ = *at++;
  for (std::int64_t* count : {&rows_, &ranked_, &legacy_}) *count = static_cast<std::int64_t>(*at++);
  context_ = context;
  for (RankSums* r : {&article_, &fresh_})
    for (double* sum : {&r->first, &r->five, &r->reciprocal, &r->chance_1, &r->chance_5}) *sum = *at++;
}

AlignmentMetrics AlignmentSums::result() const {
  AlignmentMetrics m;
  m.rows = rows_;
  m.ranked_rows = ranked_;
  const double rows = std::max<double>(1, static_cast<double>(rows_));
  m.margin = (target_sum_ - last_sum_) / rows;
  m.legacy_r5 = static_cast<double>(legacy_) / rows;
  const auto ranked = static_cast<double>(context_ + 1);  // the context's vectors and the target
  m.legacy_chance = std::min(1.0, 5 / ranked);
  m.article = article_.result(ranked_);
  m.fresh = fresh_.result(ranked_);
  return m;
}

ChanceLevels chance_levels(const AlignmentMetrics& m) {
  return {m.article.chance_1, m.article.chance_5, m.fresh.chance_1, m.fresh.chance_5, m.legacy_chance};
}

}  // namespace runner::lvm
