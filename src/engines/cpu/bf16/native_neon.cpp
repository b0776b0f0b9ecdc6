// Block products with the bfloat16 instructions of ARMv8.6: BFDOT, and BFMMLA, which does twice as much at a
// time. Compiled for CPUs that have them; called only there.
#include "engines/cpu/bf16/native.h"

#include <arm_neon.h>

namespace runner::lvm::cpu {
namespace {

constexpr int rows_at_once = 6;  // 6 rows of 16 columns: 24 registers of sums

inline bfloat16x8_t load_words(const std::uint32_t* words) {
  return vreinterpretq_bf16_u32(vld1q_u32(words));
}
inline bfloat16x8_t load_values(const std::uint16_t* values) {
  return vreinterpretq_bf16_u16(vld1q_u16(values));
}

// `pair`: of the four that each row's eight values make.
template <int rows, int pair>
__attribute__((always_inline)) inline void add_dots(float32x4_t (&sums)[rows][4],
                                                    const bfloat16x8_t (&values)[rows],
                                                    const std::uint32_t* b) {
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q) {
    const bfloat16x8_t columns = load_words(b + 4 * q);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) sums[r][q] = vbfdotq_laneq_f32(sums[r][q], columns, values[r], pair);
  }
}

// Some rows of one panel.
template <int rows>
void dot_rows(const std::uint16_t* a, Index lda, const std::uint32_t* b, Index k, float* c, Index ldc,
              bool accumulate) {
  float32x4_t sums[rows][4];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 8
    for (int q = 0; q < 4; ++q)
      sums[r][q] = accumulate ? vld1q_f32(c + r * ldc + Index{4} * q) : vdupq_n_f32(0);
  for (Index x = 0; x < k; x += 8, b += 64) {
    bfloat16x8_t values[rows];
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) values[r] = load_values(a + r * lda + x);
    add_dots<rows, 0>(sums, values, b);
    add_dots<rows, 1>(sums, values, b + 16);
    add_dots<rows, 2>(sums, values, b + 32);
    add_dots<rows, 3>(sums, values, b + 48);
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 8
    for (int q = 0; q < 4; ++q) vst1q_f32(c + r * ldc + Index{4} * q, sums[r][q]);
}

// BFMMLA multiplies 2 rows by 2 columns over 4 values: sums[i][j] are rows 2i and 2i + 1 of columns 2j and
// 2j + 1. Of an odd number of rows the last is computed twice.
template <int rows>
void mmla_rows(const std::uint16_t* a, Index lda, const std::uint32_t* b, Index k, float* c, Index ldc,
               bool accumulate) {
  constexpr int twos = (rows + 1) / 2;
  const auto row = [](int i, int half) { return Index{2 * i + half < rows ? 2 * i + half : rows - 1}; };
  float32x4_t sums[twos][8];
#pragma GCC unroll 8
  for (int i = 0; i < twos; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < 8; ++j)
      sums[i][j] = accumulate ? vcombine_f32(vld1_f32(c + row(i, 0) * ldc + Index{2} * j),
                                             vld1_f32(c + row(i, 1) * ldc + Index{2} * j))
                              : vdupq_n_f32(0);
  for (Index x = 0; x < k; x += 4, b += 32) {
    bfloat16x8_t values[twos];
#pragma GCC unroll 4
    for (int i = 0; i < twos; ++i)
      values[i] = vreinterpretq_bf16_u16(
          vcombine_u16(vld1_u16(a + row(i, 0) * lda + x), vld1_u16(a + row(i, 1) * lda + x)));
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) {
      // Of a column: its pair here and the next one.
      const uint32x4_t first = vld1q_u32(b + 4 * q), second = vld1q_u32(b + 16 + 4 * q);
      const bfloat16x8_t low = vreinterpretq_bf16_u32(vzip1q_u32(first, second));
      const bfloat16x8_t high = vreinterpretq_bf16_u32(vzip2q_u32(first, second));
#pragma GCC unroll 4
      for (int i = 0; i < twos; ++i) {
        sums[i][2 * q] = vbfmmlaq_f32(sums[i][2 * q], values[i], low);
        sums[i][2 * q + 1] = vbfmmlaq_f32(sums[i][2 * q + 1], values[i], high);
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < twos; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < 8; ++j) {
      vst1_f32(c + row(i, 1) * ldc + Index{2} * j, vget_high_f32(sums[i][j]));
      vst1_f32(c + row(i, 0) * ldc + Index{2} * j, vget_low_f32(sums[i][j]));
    }
}

using RowsOfPanel = void (*)(const std::uint16_t* a, Index lda, const std::uint32_t* b, Index k, float* c,
                             Index ldc, bool accumulate);

// By the number of rows, from 1.
using PanelTable = RowsOfPanel[rows_at_once];
constexpr PanelTable dots = {dot_rows<1>, dot_rows<2>, dot_rows<3>, dot_rows<4>, dot_rows<5>, dot_rows<6>};
constexpr PanelTable mmlas = {mmla_rows<1>, mmla_rows<2>, mmla_rows<3>,
                              mmla_rows<4>, mmla_rows<5>, mmla_rows<6>};

void block(const PanelTable& table, const std::uint16_t* a, Index lda, Index rows, const std::uint32_t* b,
           Index panel_stride, Index k, float* c, Index ldc, bool accumulate) {
  for (Index r = 0; r < rows; r += rows_at_once) {
    const Index count = rows - r < rows_at_once ? rows - r : rows_at_once;
    for (Index panel = 0; panel < 2; ++panel)
      table[count - 1](a + r * lda, lda, b + panel * panel_stride, k, c + r * ldc + 16 * panel, ldc,
                       accumulate);
  }
}

}  // namespace

void bf16_block_bfdot(const std::uint16_t* a, Index lda, Index rows, const std::uint32_t* b,
                      Index panel_stride, Index k, float* c, Index ldc, bool accumulate) {
  block(dots, a, lda, rows, b, panel_stride, k, c, ldc, accumulate);
}

void bf16_block_bfmmla(const std::uint16_t* a, Index lda, Index rows, const std::uint32_t* b,
                       Index panel_stride, Index k, float* c, Index ldc, bool accumulate) {
  block(mmlas, a, lda, rows, b, panel_stride, k, c, ldc, accumulate);
}

}  // namespace runner::lvm::cpu
