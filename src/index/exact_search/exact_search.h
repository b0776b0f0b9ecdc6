#pragma once
// Exact nearest neighbours: every query against every row. Scores are those of FAISS's IndexFlat.

#include <cstdint>
#include <functional>
#include <vector>

#include "index/build/metric.h"
#include "index/build/row_source.h"

namespace runner::ann {

struct Neighbours {
  std::int64_t queries = 0, k = 0;
  std::vector<float> scores;      // [queries, k], nearest first
  std::vector<std::int64_t> ids;  // [queries, k]; -1 (and FAISS's worst score) beyond the rows there are
};

// queries [n, width]. Of equal scores the lower row comes first. `progress` gets rows done, of rows() times
// the passes that passes() says. Throws Interrupted.
Neighbours exact_search(const RowSource& rows, Metric metric, const float* queries, std::int64_t n,
                        std::int64_t k, const std::function<void(std::int64_t)>& progress = {});

// How often the rows are read for n queries.
std::int64_t passes(std::int64_t n);

}  // namespace runner::ann
