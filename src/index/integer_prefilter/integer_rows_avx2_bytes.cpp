#include "index/integer_prefilter/integer_rows.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace runner::ann {
namespace {

constexpr std::int64_t lanes = 8;
constexpr int most_queries = 6;  // 2 groups x 6 queries: 12 sums, which with their operands fill 16 registers
constexpr int chunk = 4;  // words whose products are added in 16 bits; pack_narrow sees to it that they fit

template <int Q>
__attribute__((target("avx2"))) void tile(const std::int32_t* rows, const std::int32_t* queries,
                                          std::int64_t words, std::int32_t* out, std::int64_t stride) {
  const std::int32_t* second = rows + words * lanes;
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i totals[2][Q];
  for (int q = 0; q < Q; ++q)
    totals[0][q] = totals[1][q] = _mm256_set1_epi32(-queries[q * (words + 1) + words]);
  for (std::int64_t from = 0; from < words; from += chunk) {
    __m256i sums[2][Q];
#pragma GCC unroll 4
    for (int i = 0; i < chunk; ++i) {
      const std::int64_t w = from + i;
      const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows + w * lanes));
      const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(second + w * lanes));
#pragma GCC unroll 6
      for (int q = 0; q < Q; ++q) {
        const __m256i query = _mm256_set1_epi32(queries[q * (words + 1) + w]);
        const __m256i first = _mm256_maddubs_epi16(a, query), other = _mm256_maddubs_epi16(b, query);
        sums[0][q] = i == 0 ? first : _mm256_add_epi16(sums[0][q], first);
        sums[1][q] = i == 0 ? other : _mm256_add_epi16(sums[1][q], other);
        // In this order: GCC would take all products first, for which there are no registers.
        asm volatile("" : "+x"(sums[0][q]), "+x"(sums[1][q]));
      }
    }
#pragma GCC unroll 6
    for (int q = 0; q < Q; ++q)
      for (int half = 0; half < 2; ++half)
        totals[half][q] = _mm256_add_epi32(totals[half][q], _mm256_madd_epi16(sums[half][q], ones));
  }
  for (int q = 0; q < Q; ++q)
    for (int half = 0; half < 2; ++half)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + q * stride + half * lanes), totals[half][q]);
}

}  // namespace
}  // namespace runner::ann

#include "index/integer_prefilter/integer_kernel.h"

namespace runner::ann {

const NarrowUnit narrow_avx2_bytes{lanes, 4, chunk, multiply};

}  // namespace runner::ann
#endif
