#include "index/integer_prefilter/integer_rows.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace runner::ann {
namespace {

constexpr std::int64_t lanes = 8;
constexpr int most_queries = 6;  // 2 groups x 6 queries: 12 sums, which with their operands fill 16 registers

template <int Q>
__attribute__((target("avx2"))) void tile(const std::int32_t* rows, const std::int32_t* queries,
                                          std::int64_t words, std::int32_t* out, std::int64_t stride) {
  const std::int32_t* second = rows + words * lanes;
  __m256i sums[2][Q];
#pragma GCC unroll 6
  for (int q = 0; q < Q; ++q) sums[0][q] = sums[1][q] = _mm256_setzero_si256();
  for (std::int64_t w = 0; w < words; ++w) {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows + w * lanes));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(second + w * lanes));
#pragma GCC unroll 6
    for (int q = 0; q < Q; ++q) {
      const __m256i query = _mm256_set1_epi32(queries[q * (words + 1) + w]);
      sums[0][q] = _mm256_add_epi32(sums[0][q], _mm256_madd_epi16(a, query));
      sums[1][q] = _mm256_add_epi32(sums[1][q], _mm256_madd_epi16(b, query));
      // In this order: GCC would take all products first, for which there are no registers.
      asm volatile("" : "+x"(sums[0][q]), "+x"(sums[1][q]));
    }
  }
#pragma GCC unroll 6
  for (int q = 0; q < Q; ++q)
    for (int half = 0; half < 2; ++half)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + q * stride + half * lanes), sums[half][q]);
}

}  // namespace
}  // namespace runner::ann

#include "index/integer_prefilter/integer_kernel.h"

namespace runner::ann {

const NarrowUnit narrow_avx2{lanes, 2, 1, multiply};

}  // namespace runner::ann
#endif
