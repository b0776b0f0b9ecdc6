#include "index/exact_search/scores.h"

#include <algorithm>

#include "index/exact_search/scores_unit.h"

namespace runner::ann {
namespace {

template <bool distance>
void plain(const float* rows, std::int64_t count, const float* queries, std::int64_t n, std::int64_t width,
           float* out) {
  for (std::int64_t q = 0; q < n; ++q)
    for (std::int64_t r = 0; r < count; ++r) {
      double sum = 0;
      for (std::int64_t i = 0; i < width; ++i) {
        const double a = load_float(rows + r * width + i), b = queries[q * width + i];
        sum += distance ? (a - b) * (a - b) : a * b;
      }
      out[q * count + r] = static_cast<float>(sum);
    }
}

bool has(VectorUnit unit) {
#if defined(__x86_64__)
  if (unit == VectorUnit::avx512) return __builtin_cpu_supports("avx512f");
  if (unit == VectorUnit::avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  return unit == VectorUnit::plain;
}

}  // namespace

void inner_products_plain(const float* rows, std::int64_t count, const float* queries, std::int64_t n,
                          std::int64_t width, float* out) {
  plain<false>(rows, count, queries, n, width, out);
}

void distances_plain(const float* rows, std::int64_t count, const float* queries, std::int64_t n,
                     std::int64_t width, float* out) {
  plain<true>(rows, count, queries, n, width, out);
}

ScoreFunction score_function(Metric metric, VectorUnit unit) {
  if (!has(unit)) return nullptr;
  const bool distance = metric == Metric::l2;
#if defined(__x86_64__)
  if (unit == VectorUnit::avx512) return distance ? distances_avx512 : inner_products_avx512;
  if (unit == VectorUnit::avx2) return distance ? distances_avx2 : inner_products_avx2;
#endif
  return distance ? distances_plain : inner_products_plain;
}

ScoreFunction score_function(Metric metric) {
  for (const VectorUnit unit : {VectorUnit::avx512, VectorUnit::avx2})
    if (const ScoreFunction function = score_function(metric, unit)) return function;
  return score_function(metric, VectorUnit::plain);
}

}  // namespace runner::ann
