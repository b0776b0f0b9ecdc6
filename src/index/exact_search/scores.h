#pragma once
// Scores of a few queries against rows, without BLAS: each row is read from memory once. The widest vector
// units that the CPU has are chosen at run time; the plain form is the reference they are tested against.

#include <cstdint>

#include "index/build/metric.h"

namespace runner::ann {

// out[q * count + r] = inner product, or squared distance, of query q and row r.
// rows [count, width] at any alignment (a mapped file's floats may start at an odd byte), queries
// [n, width], out [n, count].
using ScoreFunction = void (*)(const float* rows, std::int64_t count, const float* queries, std::int64_t n,
                               std::int64_t width, float* out);

void inner_products_plain(const float* rows, std::int64_t count, const float* queries, std::int64_t n,
                          std::int64_t width, float* out);
void distances_plain(const float* rows, std::int64_t count, const float* queries, std::int64_t n,
                     std::int64_t width, float* out);

// The best for this CPU.
ScoreFunction score_function(Metric metric);

enum class VectorUnit { plain, avx2, avx512 };
// For tests: that form, or nullptr when this CPU or build lacks it.
ScoreFunction score_function(Metric metric, VectorUnit unit);

}  // namespace runner::ann
