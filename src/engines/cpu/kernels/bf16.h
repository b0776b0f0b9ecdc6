#pragma once
// bfloat16 values for products: rounding and re-ordering. Included once by each variant: see table.h. The
// orders are described in bf16/product.h.

#include "engines/cpu/kernels.h"
#include "engines/cpu/kernels/adamw.h"
#include "engines/cpu/kernels/store.h"

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

void transpose_rows(const std::uint16_t* from, Index ld, Index rows, Index columns, std::uint32_t* to,
                    Index to_ld, Index begin, Index end) {
  static constexpr std::uint16_t zeros[lanes] = {};
  for (Index block = begin; block < end; ++block)
    for (Index c = 0; c < columns; c += lanes) {
      std::uint32_t words[lanes][lanes];
      for (Index i = 0; i < lanes; ++i) {
        const Index row = 2 * (block * lanes + i);
        const std::uint16_t* low = row < rows ? from + row * ld + c : zeros;
        const std::uint16_t* high = row + 1 < rows ? from + (row + 1) * ld + c : zeros;
#pragma omp simd
        for (Index j = 0; j < lanes; ++j)
          words[i][j] = static_cast<std::uint32_t>(low[j]) | static_cast<std::uint32_t>(high[j]) << 16;
      }
      transpose_words(words, to + c * to_ld + block * lanes, to_ld);
    }
}

constexpr Index order_width = 2 * lanes;
using OrderTile = std::uint16_t[lanes][order_width];

// 16 rows × 32 columns from column c on, in both orders of a weight.
inline void write_orders(const OrderTile& values, Index c, const WeightOrders& to) {
  std::uint32_t words[lanes][lanes];
  alignas(64) std::uint32_t lines[lanes][lanes];
  __builtin_memcpy(words, values, sizeof words);
  transpose_words(words, lines[0], lanes);
  for (Index i = 0; i < lanes; ++i) stream_line(lines[i], to.forward + (c / 2 + i) * lanes);
  for (Index half = 0; to.backward && half < 2; ++half) {
    std::uint32_t* panel = to.backward + (c / lanes + half) * to.backward_stride;
    for (Index pair = 0; pair < lanes / 2; ++pair) {
      const std::uint16_t *low = values[2 * pair] + half * lanes, *high = low + order_width;
#pragma omp simd
      for (Index i = 0; i < lanes; ++i)
        lines[0][i] = static_cast<std::uint32_t>(low[i]) | static_cast<std::uint32_t>(high[i]) << 16;
      stream_line(lines[0], panel + pair * lanes);
    }
  }
}

void order_rows(const float* from, Index rows, Index columns, const WeightOrders& to) {
  for (Index c = 0; c < columns; c += order_width) {
    alignas(64) OrderTile values = {};
    const Index count = columns - c < order_width ? columns - c : order_width;
    for (Index r = 0; r < rows; ++r)
      for (Index i = 0; i < count; ++i)
        values[r][i] = static_cast<std::uint16_t>(nearest_bf16(from[r * columns + c + i]));
    write_orders(values, c, to);
  }
  stream_end();
}

// The columns of a tile are far apart, too far for the CPU to foresee them: each tile asks for the lines of
// one that comes four later, past the last column for the first of the next 16 rows.
void adamw_rows(const Adamw& update, float* p, const float* g, float* m, float* v, Index rows, Index columns,
                const WeightOrders& orders) {
  const Adamw a = update;  // copies: what is written cannot be them
  const WeightOrders to = orders;
  if (rows != lanes || columns % order_width != 0) {
    adamw(a, p, g, m, v, rows * columns);
    order_rows(p, rows, columns, to);
    return;
  }
  const Index ahead = columns < 4 * order_width ? columns : 4 * order_width;
  for (Index c = 0; c < columns; c += order_width) {
    alignas(64) OrderTile values;
    const Index next = c + ahead < columns ? ahead : ahead + (lanes - 1) * columns;
    for (Index r = 0; r < lanes; ++r) {
      const Index at = r * columns + c;
      for (Index line = 0; line < order_width; line += lanes) {
        __builtin_prefetch(p + at + next + line, 1);
        __builtin_prefetch(g + at + next + line);
        __builtin_prefetch(m + at + next + line, 1);
        __builtin_prefetch(v + at + next + line, 1);
      }
#pragma omp simd
      for (Index i = 0; i < order_width; ++i) {
        float value = p[at + i];
        adamw_value(a, value, g[at + i], m[at + i], v[at + i]);
        p[at + i] = value;
        values[r][i] = static_cast<std::uint16_t>(nearest_bf16(value));
      }
    }
    write_orders(values, c, to);
  }
  stream_end();
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
