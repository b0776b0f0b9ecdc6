#include "index/recall/recall.h"

#include <algorithm>
#include <cmath>

#include "base/progress.h"
#include "index/exact_search/scores.h"

namespace runner::ann {
namespace {

constexpr std::int64_t recall_at = 10;

}  // namespace

RecallTest::RecallTest(const InputRows& input, Metric metric, const Sample& sample)
    : input_(input), metric_(metric), sample_(sample) {
  Progress progress("verify", input.rows() * passes(sample.count()), "rows");
  exact_ = exact_search(input, metric, sample.vectors.data(), sample.count(),
                        std::min(recall_at, input.rows()), [&](std::int64_t done) { progress.update(done); });
}

Recall RecallTest::of(const faiss::Index& index) const {
  const std::int64_t n = sample_.count(), k = exact_.k, width = input_.width();
  std::vector<float> scores(static_cast<std::size_t>(n * k));
  std::vector<std::int64_t> rows(static_cast<std::size_t>(n * k));
  index.search(n, sample_.vectors.data(), k, scores.data(), rows.data());

  // The true scores of what was found: a code's own score is only near it, and duplicates share theirs.
  std::int64_t hits = 0;
  std::vector<float> best(static_cast<std::size_t>(n)), found(static_cast<std::size_t>(width));
  for (std::int64_t q = 0; q < n; ++q) {
    const float worst_exact = exact_.scores[static_cast<std::size_t>(q * k + k - 1)];
    best[static_cast<std::size_t>(q)] = metric_ == Metric::l2 ? HUGE_VALF : -HUGE_VALF;
    for (std::int64_t j = 0; j < k; ++j) {
      const std::int64_t row = rows[static_cast<std::size_t>(q * k + j)];
      if (row < 0 || row >= input_.rows()) continue;
      input_.gather({row}, found.data());
      float score;
      score_function(metric_)(found.data(), 1, sample_.vectors.data() + q * width, 1, width, &score);
      const float limit = score_slack(worst_exact);
      hits += metric_ == Metric::l2 ? score <= worst_exact + limit : score >= worst_exact - limit;
      if (nearer(metric_, score, best[static_cast<std::size_t>(q)]))
        best[static_cast<std::size_t>(q)] = score;
    }
  }
  return {static_cast<double>(hits) / static_cast<double>(n * k), share_found(sample_, metric_, width, best)};
}

}  // namespace runner::ann
