#pragma once
// bfloat16 values for products: rounding and re-ordering. Included once by each variant: see table.h. The
// orders are described in bf16/product.h.

#include "lvm/cpu/kernels.h"

namespace runner::lvm::cpu {
namespace {

// The bfloat16 nearest to x, ties to even, in the low half of a word; NaN stays NaN.
inline std::uint32_t nearest_bf16(float x) {
  std::uint32_t u;
  __builtin_memcpy(&u, &x, 4);
  const std::uint32_t rounded = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
  return (u & 0x7fffffffu) > 0x7f800000u ? (u >> 16) | 0x40u : rounded;
}

constexpr Index lanes = 16;  // columns of a panel

void to_bf16(const float* from, Index ld, Index columns, std::uint16_t* to, Index to_ld, Index begin,
             Index end) {
  for (Index r = begin; r < end; ++r) {
    const float* row = from + r * ld;
    std::uint16_t* out = to + r * to_ld;
#pragma omp simd
    for (Index c = 0; c < columns; ++c) out[c] = static_cast<std::uint16_t>(nearest_bf16(row[c]));
    for (Index c = columns; c < to_ld; ++c) out[c] = 0;
  }
}

// One row pair of 16 columns: low half from row a, high half from row b; null rows and columns beyond `n` are
// zero.
inline void pair_words(const float* a, const float* b, Index n, std::uint32_t* out) {
  if (n >= lanes && a && b) {
#pragma omp simd
    for (Index i = 0; i < lanes; ++i) out[i] = nearest_bf16(a[i]) | nearest_bf16(b[i]) << 16;
    return;
  }
  for (Index i = 0; i < lanes; ++i)
    out[i] = (a && i < n ? nearest_bf16(a[i]) : 0u) | (b && i < n ? nearest_bf16(b[i]) : 0u) << 16;
}

inline const float* row_or_null(const float* from, Index ld, Index row, Index rows) {
  return row < rows ? from + row * ld : nullptr;
}

void pair_rows(const float* from, Index ld, Index rows, Index columns, std::uint32_t* to, Index panel_stride,
               Index begin, Index end) {
  for (Index pair = begin; pair < end; ++pair) {
    const float* a = row_or_null(from, ld, 2 * pair, rows);
    const float* b = row_or_null(from, ld, 2 * pair + 1, rows);
    for (Index c = 0; c < columns; c += lanes)
      pair_words(a ? a + c : nullptr, b ? b + c : nullptr, columns - c,
                 to + c / lanes * panel_stride + pair * lanes);
  }
}

using Words = std::uint32_t __attribute__((vector_size(32)));

// 8 × 8 words: pairs of words, of quarters, then of halves change places.
inline void transpose_8x8(const std::uint32_t* in, Index in_ld, std::uint32_t* out, Index out_ld) {
  Words a[8], b[8];
  for (int i = 0; i < 8; ++i) __builtin_memcpy(&a[i], in + i * in_ld, sizeof a[i]);
  for (int i = 0; i < 8; i += 2) {
    b[i] = __builtin_shufflevector(a[i], a[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    b[i + 1] = __builtin_shufflevector(a[i], a[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < 8; i += 4)
    for (int j = 0; j < 2; ++j) {
      a[i + 2 * j] = __builtin_shufflevector(b[i + j], b[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      a[i + 2 * j + 1] = __builtin_shufflevector(b[i + j], b[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  for (int i = 0; i < 4; ++i) {
    b[i] = __builtin_shufflevector(a[i], a[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    b[i + 4] = __builtin_shufflevector(a[i], a[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
  for (int i = 0; i < 8; ++i) __builtin_memcpy(out + i * out_ld, &b[i], sizeof b[i]);
}

// out[j * out_ld + i] = in[i][j]
inline void transpose_words(const std::uint32_t (*in)[lanes], std::uint32_t* out, Index out_ld) {
  for (Index i = 0; i < lanes; i += 8)
    for (Index j = 0; j < lanes; j += 8) transpose_8x8(&in[i][j], lanes, out + j * out_ld + i, out_ld);
}

void transpose_rows(const float* from, Index ld, Index rows, Index columns, std::uint32_t* to, Index to_ld,
                    Index begin, Index end) {
  const Index pairs = (rows + 2 * lanes - 1) / (2 * lanes) * lanes;
  for (Index block = begin; block < end; ++block) {
    const Index c = block * lanes;
    for (Index pair = 0; pair < pairs; pair += lanes) {
      std::uint32_t words[lanes][lanes];
      for (Index i = 0; i < lanes; ++i) {
        const float* a = row_or_null(from, ld, 2 * (pair + i), rows);
        const float* b = row_or_null(from, ld, 2 * (pair + i) + 1, rows);
        pair_words(a ? a + c : nullptr, b ? b + c : nullptr, columns - c, words[i]);
      }
      transpose_words(words, to + c * to_ld + pair, to_ld);
    }
  }
}

// 32 values of a row from column `at` on as 16 words; columns from n on are zero.
inline void row_words(const float* row, Index at, Index n, std::uint32_t* out) {
  std::uint16_t values[2 * lanes] = {};
  const Index count = n - at < 2 * lanes ? n - at : 2 * lanes;
#pragma omp simd
  for (Index i = 0; i < count; ++i) values[i] = static_cast<std::uint16_t>(nearest_bf16(row[at + i]));
  __builtin_memcpy(out, values, sizeof values);
}

void pair_columns(const float* from, Index rows, Index columns, std::uint32_t* to, Index panel_stride,
                  Index begin, Index end) {
  for (Index panel = begin; panel < end; ++panel) {
    for (Index c = 0; c * lanes < panel_stride; c += lanes) {  // pairs of columns, 16 at a time
      std::uint32_t words[lanes][lanes] = {};
      for (Index i = 0; i < lanes && panel * lanes + i < rows; ++i)
        row_words(from + (panel * lanes + i) * columns, 2 * c, columns, words[i]);
      transpose_words(words, to + panel * panel_stride + c * lanes, lanes);
    }
  }
}

inline float low_value(std::uint32_t word) {
  const std::uint32_t u = word << 16;
  float x;
  __builtin_memcpy(&x, &u, 4);
  return x;
}

inline float high_value(std::uint32_t word) {
  const std::uint32_t u = word & 0xffff0000u;
  float x;
  __builtin_memcpy(&x, &u, 4);
  return x;
}

// Plain form of a block product (bf16/product.h).
void bf16_block(const std::uint16_t* a, Index lda, Index rows, const std::uint32_t* b, Index panel_stride,
                Index k, float* c, Index ldc, bool accumulate) {
  for (Index r = 0; r < rows; ++r) {
    float sums[2 * lanes];
    for (Index i = 0; i < 2 * lanes; ++i) sums[i] = accumulate ? c[r * ldc + i] : 0.0f;
    for (Index pair = 0; pair < k / 2; ++pair) {
      std::uint32_t word;
      __builtin_memcpy(&word, a + r * lda + 2 * pair, 4);
      const float low = low_value(word), high = high_value(word);
      for (Index p = 0; p < 2; ++p) {
        const std::uint32_t* column = b + p * panel_stride + pair * lanes;
#pragma omp simd
        for (Index i = 0; i < lanes; ++i)
          sums[p * lanes + i] += low * low_value(column[i]) + high * high_value(column[i]);
      }
    }
    for (Index i = 0; i < 2 * lanes; ++i) c[r * ldc + i] = sums[i];
  }
}

}  // namespace
}  // namespace runner::lvm::cpu
