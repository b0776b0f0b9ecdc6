#pragma once
// A 32 × 32 block by vectors of 16 sums, with VDPBF16PS or with a stand-in for it. `Vector` is a policy:
//   Sum                                   16 float32 sums
//   zero(), load(float*), store(float*, Sum)
//   Pairs, panel(const uint32_t*)         16 pairs of a panel
//   dot(Sum, uint32_t a, Pairs)           sum[i] += a.low * pairs[i].low + a.high * pairs[i].high
// Everything is inlined into the one function that a .cpp instantiates with a policy of its own.

#include "engines/cpu/kernels.h"

namespace runner::lvm::cpu {

// `rows` rows at once: 2 * rows sums, 2 vectors of b and the pair of a fit 32 registers for rows <= 12.
template <class Vector, int rows>
__attribute__((always_inline)) inline void vector_rows(const std::uint16_t* a, Index lda,
                                                       const std::uint32_t* b, Index panel_stride, Index k,
                                                       float* c, Index ldc, bool accumulate) {
  typename Vector::Sum sums[rows][2];
  for (int r = 0; r < rows; ++r)
    for (int p = 0; p < 2; ++p)
      sums[r][p] = accumulate ? Vector::load(c + r * ldc + Index{16} * p) : Vector::zero();
  for (Index pair = 0; pair < k / 2; ++pair) {
    const auto left = Vector::panel(b + pair * 16), right = Vector::panel(b + panel_stride + pair * 16);
#pragma GCC unroll 12
    for (int r = 0; r < rows; ++r) {
      std::uint32_t word;
      __builtin_memcpy(&word, a + r * lda + 2 * pair, 4);
      sums[r][0] = Vector::dot(sums[r][0], word, left);
      sums[r][1] = Vector::dot(sums[r][1], word, right);
    }
  }
  for (int r = 0; r < rows; ++r)
    for (int p = 0; p < 2; ++p) Vector::store(c + r * ldc + Index{16} * p, sums[r][p]);
}

template <class Vector>
__attribute__((always_inline)) inline void vector_block(const std::uint16_t* a, Index lda, Index rows,
                                                        const std::uint32_t* b, Index panel_stride, Index k,
                                                        float* c, Index ldc, bool accumulate) {
  Index r = 0;  // 32 = 11 + 11 + 10
  for (; rows - r >= 11; r += 11)
    vector_rows<Vector, 11>(a + r * lda, lda, b, panel_stride, k, c + r * ldc, ldc, accumulate);
  for (; rows - r >= 10; r += 10)
    vector_rows<Vector, 10>(a + r * lda, lda, b, panel_stride, k, c + r * ldc, ldc, accumulate);
  for (; r < rows; ++r)
    vector_rows<Vector, 1>(a + r * lda, lda, b, panel_stride, k, c + r * ldc, ldc, accumulate);
}

}  // namespace runner::lvm::cpu
