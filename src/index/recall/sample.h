#pragma once
// Inside index/ only: the rows that a new index is asked for again.

#include <cstdint>
#include <vector>

#include "index/build/metric.h"
#include "index/build/row_source.h"

namespace runner::ann {

struct Sample {
  std::vector<std::int64_t> rows;
  std::vector<float> vectors;  // [rows, width], as the index holds them
  std::int64_t count() const { return static_cast<std::int64_t>(rows.size()); }
};

// `wanted` rows or a few less, the same each time. The vectors must allow random access.
Sample draw_sample(const InputRows& input, std::int64_t wanted);

// By how much scores of the same pair may differ: kernels round differently.
float score_slack(float score);

// Share of the rows whose best score, [rows], is not worse than their own.
double share_found(const Sample& sample, Metric metric, std::int64_t width, const std::vector<float>& best);

}  // namespace runner::ann
