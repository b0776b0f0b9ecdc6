#include "index/exact_search/scores_unit.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define RUNNER_SCORES_UNIT "avx2,fma"

namespace runner::ann {
namespace {

using Floats = __m256;
constexpr std::int64_t lanes = 8;
// 3 rows x 4 queries: 12 sums, which with their operands fill 16 registers.
constexpr int tile_rows = 3, tile_queries = 4;

__attribute__((target(RUNNER_SCORES_UNIT))) inline float add_across(const Floats& sums) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace
}  // namespace runner::ann

#include "index/exact_search/scores_kernel.h"

namespace runner::ann {

void inner_products_avx2(const float* rows, std::int64_t count, const float* queries, std::int64_t n,
                         std::int64_t width, float* out) {
  walk<false>(rows, count, queries, n, width, out);
}

void distances_avx2(const float* rows, std::int64_t count, const float* queries, std::int64_t n,
                    std::int64_t width, float* out) {
  walk<true>(rows, count, queries, n, width, out);
}

}  // namespace runner::ann
#endif
