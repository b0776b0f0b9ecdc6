#pragma once
// The rows of a block of float32 products with NEON: as multiply_rows of fp32.h, which includes it for the
// variant of that name. Factors are read four at a time and multiplied lane by lane, so that none has to be
// spread over a register of its own.

#include <arm_neon.h>

#include "engines/cpu/kernels.h"

namespace runner::lvm::cpu {
namespace {

constexpr int quarters = 4;  // of a panel's 16 columns

// sums[r] += a factor of row r, in `lane` of its four, times one row of the panel.
template <int rows, int lane>
__attribute__((always_inline)) inline void add_panel_row(float32x4_t (&sums)[rows][quarters],
                                                         const float32x4_t (&factors)[rows], const float* b) {
#pragma GCC unroll 4
  for (int q = 0; q < quarters; ++q) {
    const float32x4_t columns = vld1q_f32(b + 4 * q);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) sums[r][q] = vfmaq_laneq_f32(sums[r][q], columns, factors[r], lane);
  }
}

// Registers: 4 * rows of sums, rows of factors, one or two of the panel: 6 rows fill the 32.
template <int rows>
__attribute__((always_inline)) inline void multiply_rows_neon(const float* a, Index lda, const float* b,
                                                              Index k, float* c, Index ldc, bool accumulate) {
  constexpr Index width = 4 * quarters;
  float32x4_t sums[rows][quarters];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 8
    for (int q = 0; q < quarters; ++q)
      sums[r][q] = accumulate ? vld1q_f32(c + r * ldc + Index{4} * q) : vdupq_n_f32(0);
  Index x = 0;
  for (; x + 4 <= k; x += 4, b += 4 * width) {
    float32x4_t factors[rows];
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) factors[r] = vld1q_f32(a + r * lda + x);
    add_panel_row<rows, 0>(sums, factors, b);
    add_panel_row<rows, 1>(sums, factors, b + width);
    add_panel_row<rows, 2>(sums, factors, b + 2 * width);
    add_panel_row<rows, 3>(sums, factors, b + 3 * width);
  }
  for (; x < k; ++x, b += width) {
    float32x4_t factors[rows];
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) factors[r] = vdupq_n_f32(a[r * lda + x]);
    add_panel_row<rows, 0>(sums, factors, b);
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 8
    for (int q = 0; q < quarters; ++q) vst1q_f32(c + r * ldc + Index{4} * q, sums[r][q]);
}

}  // namespace
}  // namespace runner::lvm::cpu
