#pragma once
// Exact search of many queries by a scan in small integers: rows whose bound says that they may be among the
// k nearest, a few dozen a query, are scored in float32. The neighbours are provably those of a float32 scan.

#include <cstdint>
#include <functional>
#include <vector>

#include "index/build/metric.h"
#include "index/build/row_source.h"
#include "index/exact_search/top_k.h"

namespace runner::ann {

struct NarrowUnit;

constexpr std::int64_t most_narrow_neighbours = 100;  // more let too many rows through

// The ways to scan that are faster than sgemm for the same queries, to be tried in this order: none on an
// unfit CPU, or for many neighbours.
std::vector<const NarrowUnit*> narrow_ways(std::int64_t width, std::int64_t k);

// Offers to best [n] the rows from `begin` on. Returns the first row that was not offered: rows() when all
// were, less when stop_signal() came, when values forbid it, or when the bounds let too many rows through to
// pay: the caller goes on in another way. `progress` gets rows done.
std::int64_t narrow_scan(const NarrowUnit& unit, const RowSource& rows, std::int64_t begin, Metric metric,
                         const float* queries, std::int64_t n, std::vector<TopK>& best,
                         const std::function<void(std::int64_t)>& progress);

}  // namespace runner::ann
