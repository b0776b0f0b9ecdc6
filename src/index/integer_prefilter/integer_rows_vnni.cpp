#include "index/integer_prefilter/integer_rows.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace runner::ann {
namespace {

constexpr std::int64_t lanes = 16;
constexpr int most_queries = 12;  // 2 groups x 12 queries: 24 sums of 32 registers

template <int Q>
__attribute__((target("avx512f,avx512bw,avx512vnni"))) void tile(const std::int32_t* rows,
                                                                 const std::int32_t* queries,
                                                                 std::int64_t words, std::int32_t* out,
                                                                 std::int64_t stride) {
  const std::int32_t* second = rows + words * lanes;
  __m512i sums[2][Q];
#pragma GCC unroll 12
  for (int q = 0; q < Q; ++q) sums[0][q] = sums[1][q] = _mm512_setzero_si512();
  for (std::int64_t w = 0; w < words; ++w) {
    const __m512i a = _mm512_loadu_si512(rows + w * lanes), b = _mm512_loadu_si512(second + w * lanes);
#pragma GCC unroll 12
    for (int q = 0; q < Q; ++q) {
      const __m512i query = _mm512_set1_epi32(queries[q * (words + 1) + w]);
      sums[0][q] = _mm512_dpbusd_epi32(sums[0][q], a, query);
      sums[1][q] = _mm512_dpbusd_epi32(sums[1][q], b, query);
      // In this order: GCC would take all products first, for which there are no registers.
      asm volatile("" : "+v"(sums[0][q]), "+v"(sums[1][q]));
    }
  }
#pragma GCC unroll 12
  for (int q = 0; q < Q; ++q) {
    const __m512i offset = _mm512_set1_epi32(queries[q * (words + 1) + words]);
    for (int half = 0; half < 2; ++half)
      _mm512_storeu_si512(out + q * stride + half * lanes, _mm512_sub_epi32(sums[half][q], offset));
  }
}

}  // namespace
}  // namespace runner::ann

#include "index/integer_prefilter/integer_kernel.h"

namespace runner::ann {

const NarrowUnit narrow_vnni{lanes, 4, 1, multiply};

}  // namespace runner::ann
#endif
