#include "index/recall/sample.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "index/exact_search/scores.h"

namespace runner::ann {
namespace {

constexpr float relative_slack = 1e-4F;

float own_score(Metric metric, const float* vector, std::int64_t width) {
  float score;
  score_function(metric)(vector, 1, vector, 1, width, &score);
  return score;
}

}  // namespace

Sample draw_sample(const InputRows& input, std::int64_t wanted) {
  Sample sample;
  std::mt19937_64 random(20240229);  // fixed: a repeated run checks the same rows
  const std::int64_t total = input.rows();
  if (wanted >= total) {
    for (std::int64_t row = 0; row < total; ++row) sample.rows.push_back(row);
  } else {
    while (sample.count() < wanted)
      sample.rows.push_back(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(total)));
    std::sort(sample.rows.begin(), sample.rows.end());
    sample.rows.erase(std::unique(sample.rows.begin(), sample.rows.end()), sample.rows.end());
  }
  sample.vectors.resize(sample.rows.size() * static_cast<std::size_t>(input.width()));
  input.gather(sample.rows, sample.vectors.data());
  input.release(0, total);
  return sample;
}

float score_slack(float score) {
  return relative_slack * std::max(1.0F, std::abs(score));
}

double share_found(const Sample& sample, Metric metric, std::int64_t width, const std::vector<float>& best) {
  std::int64_t found = 0;
  for (std::size_t i = 0; i < sample.rows.size(); ++i) {
    const float own = own_score(metric, sample.vectors.data() + i * static_cast<std::size_t>(width), width);
    // A greater inner product than a vector's own is right when rows are not of length 1.
    found += metric == Metric::l2 ? best[i] <= own + score_slack(own) : best[i] >= own - score_slack(own);
  }
  return static_cast<double>(found) / static_cast<double>(sample.rows.size());
}

}  // namespace runner::ann
