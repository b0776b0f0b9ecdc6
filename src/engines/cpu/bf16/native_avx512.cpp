// Block products with AVX-512 BF16. Compiled for CPUs that have it; called only there.
#include "engines/cpu/bf16/native.h"

#include <immintrin.h>

#include "engines/cpu/bf16/vector_block.h"

namespace runner::lvm::cpu {
namespace {

struct Avx512Bf16 {
  using Sum = __m512;
  using Pairs = __m512bh;
  static Sum zero() { return _mm512_setzero_ps(); }
  static Sum load(const float* c) { return _mm512_loadu_ps(c); }
  static void store(float* c, Sum sum) { _mm512_storeu_ps(c, sum); }
  static Pairs panel(const std::uint32_t* b) { return (Pairs)_mm512_loadu_si512(b); }
  static Sum dot(Sum sum, std::uint32_t a, Pairs b) {
    return _mm512_dpbf16_ps(sum, (Pairs)_mm512_set1_epi32(static_cast<int>(a)), b);
  }
};

}  // namespace

void bf16_block_avx512(const std::uint16_t* a, Index lda, Index rows, const std::uint32_t* b,
                       Index panel_stride, Index k, float* c, Index ldc, bool accumulate) {
  vector_block<Avx512Bf16>(a, lda, rows, b, panel_stride, k, c, ldc, accumulate);
}

}  // namespace runner::lvm::cpu
