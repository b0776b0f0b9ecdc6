#include "index/exact_search/scores_unit.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define RUNNER_SCORES_UNIT "avx512f"

namespace runner::ann {
namespace {

using Floats = __m512;
constexpr std::int64_t lanes = 16;
// 4 rows x 6 queries: 24 sums of 32 registers.
constexpr int tile_rows = 4, tile_queries = 6;

__attribute__((target(RUNNER_SCORES_UNIT))) inline float add_across(const Floats& sums) {
  // Not _mm512_reduce_add_ps: GCC 12 warns of its own header.
  const __m256 eight = __builtin_shufflevector(sums, sums, 0, 1, 2, 3, 4, 5, 6, 7) +
                       __builtin_shufflevector(sums, sums, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace
}  // namespace runner::ann

#include "index/exact_search/scores_kernel.h"

namespace runner::ann {

void inner_products_avx512(const float* rows, std::int64_t count, const float* queries, std::int64_t n,
                           std::int64_t width, float* out) {
  walk<false>(rows, count, queries, n, width, out);
}

void distances_avx512(const float* rows, std::int64_t count, const float* queries, std::int64_t n,
                      std::int64_t width, float* out) {
  walk<true>(rows, count, queries, n, width, out);
}

}  // namespace runner::ann
#endif
