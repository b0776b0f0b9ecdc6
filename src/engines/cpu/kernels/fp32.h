#pragma once
// Products of float32 matrices. Included once by each variant: see table.h.
//
// The right operand is packed in panels of 16 columns: panel [k][16]. A block of sums stays in registers over
// the whole of k, so that c is written once.

#include "engines/cpu/kernels.h"
#include "engines/cpu/kernels/bf16.h"
#if defined(RUNNER_NEON)
#include "engines/cpu/kernels/fp32_neon.h"
#endif

namespace runner::lvm::cpu {
namespace {

// Registers: rows_at_once * (panels_at_once panels) of sums, one row of the panels, one factor.
#if defined(__AVX512F__)
constexpr Index vector_floats = 16;
constexpr int panels_at_once = 2, rows_at_once = 11;
#elif defined(__AVX__)
constexpr Index vector_floats = 8;
constexpr int panels_at_once = 1, rows_at_once = 6;
#elif defined(RUNNER_NEON)
constexpr Index vector_floats = 4;
constexpr int panels_at_once = 1, rows_at_once = 6;
#else
constexpr Index vector_floats = 4;
constexpr int panels_at_once = 1, rows_at_once = 2;
#endif
constexpr int vectors_a_panel = lanes / vector_floats;

using Vector = float __attribute__((vector_size(4 * vector_floats)));

inline Vector load_vector(const float* p) {
  Vector v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

template <int rows>
__attribute__((always_inline)) inline void multiply_rows(const float* a, Index lda, const float* b,
                                                         Index panel_stride, Index k, float* c, Index ldc,
                                                         bool accumulate) {
#if defined(RUNNER_NEON)
  static_assert(panels_at_once == 1);
  static_cast<void>(panel_stride);
  multiply_rows_neon<rows>(a, lda, b, k, c, ldc, accumulate);
#else
  constexpr int width = panels_at_once * vectors_a_panel;
  Vector sums[rows][width];
  for (int r = 0; r < rows; ++r)
    for (int w = 0; w < width; ++w)
      sums[r][w] = accumulate ? load_vector(c + r * ldc + w * vector_floats) : Vector{};
  for (Index x = 0; x < k; ++x) {
    Vector row[width];
#pragma GCC unroll 8
    for (int w = 0; w < width; ++w)
      row[w] = load_vector(b + w / vectors_a_panel * panel_stride + x * lanes +
                           w % vectors_a_panel * vector_floats);
#pragma GCC unroll 12
    for (int r = 0; r < rows; ++r) {
      const Vector factor = a[r * lda + x] - Vector{};
#pragma GCC unroll 8
      for (int w = 0; w < width; ++w) sums[r][w] += factor * row[w];
    }
  }
  for (int r = 0; r < rows; ++r)
    for (int w = 0; w < width; ++w)
      __builtin_memcpy(c + r * ldc + w * vector_floats, &sums[r][w], sizeof(Vector));
#endif
}

// multiply_rows<rows> for a number of rows known only now, at most n.
template <int n>
inline void multiply(Index rows, const float* a, Index lda, const float* b, Index panel_stride, Index k,
                     float* c, Index ldc, bool accumulate) {
  if (rows == n)
    multiply_rows<n>(a, lda, b, panel_stride, k, c, ldc, accumulate);
  else if constexpr (n > 1)
    multiply<n - 1>(rows, a, lda, b, panel_stride, k, c, ldc, accumulate);
}

// c [rows, 16 * panels] = a [rows, k] · panels (+ c). A few rows go along all panels before the next: they
// stay in the first-level cache, the panels in the second. The rows are dealt out evenly: few rows alone
// would wait for their sums. The lines of c are asked for before they are computed.
void fp32_block(const float* a, Index lda, Index rows, const float* b, Index panels, Index k, float* c,
                Index ldc, bool accumulate) {
  const Index parts = (rows + rows_at_once - 1) / rows_at_once;
  for (Index i = 0; i < parts; ++i) {
    const Index r = rows * i / parts, count = rows * (i + 1) / parts - r;
    for (Index panel = 0; panel < panels; panel += panels_at_once) {
      float* to = c + r * ldc + panel * lanes;
      for (Index row = 0; row < count; ++row)
        for (Index line = 0; line < panels_at_once; ++line)
          __builtin_prefetch(to + row * ldc + line * lanes, 1);
      multiply<rows_at_once>(count, a + r * lda, lda, b + panel * k * lanes, k * lanes, k, to, ldc,
                             accumulate);
    }
  }
}

// Panels from the columns of a matrix that is summed over rows: from [rows, ld], its first `columns`; an even
// number of panels.
void pack_columns(const float* from, Index ld, Index rows, Index columns, float* to) {
  const Index whole = columns / lanes, panels = (columns + 2 * lanes - 1) / (2 * lanes) * 2;
  for (Index r = 0; r < rows; ++r, from += ld, to += lanes) {
    for (Index p = 0; p < whole; ++p)
      __builtin_memcpy(to + p * rows * lanes, from + p * lanes, lanes * sizeof(float));
    for (Index p = whole; p < panels; ++p)
      for (Index i = 0; i < lanes; ++i)
        to[p * rows * lanes + i] = p * lanes + i < columns ? from[p * lanes + i] : 0.0f;
  }
}

// 16 × 16 floats: to[j * to_ld + i] = from[i * ld + j]
inline void transpose_block(const float* from, Index ld, float* to, Index to_ld) {
  for (Index i = 0; i < lanes; i += 8)
    for (Index j = 0; j < lanes; j += 8)
      transpose_8x8(reinterpret_cast<const std::uint32_t*>(from + i * ld + j), ld,
                    reinterpret_cast<std::uint32_t*>(to + j * to_ld + i), to_ld);
}

// to[c * to_ld + r] = from[r * ld + c] for `rows` and `columns` of at most 16
inline void transpose_part(const float* from, Index ld, Index rows, Index columns, float* to, Index to_ld) {
  if (rows == lanes && columns == lanes) {
    transpose_block(from, ld, to, to_ld);
    return;
  }
  for (Index r = 0; r < rows; ++r)
    for (Index c = 0; c < columns; ++c) to[c * to_ld + r] = from[r * ld + c];
}

inline Index least(Index a, Index b) {
  return a < b ? a : b;
}

// Panels from the rows of a matrix that is summed over columns: from [rows, ld]; an even number of panels.
void pack_rows(const float* from, Index ld, Index rows, Index columns, float* to) {
  const Index stride = columns * lanes, panels = (rows + 2 * lanes - 1) / (2 * lanes) * 2;
  for (Index p = 0; p < panels; ++p, to += stride, rows -= lanes, from += lanes * ld) {
    if (rows < lanes)
      for (Index i = 0; i < stride; ++i) to[i] = 0;
    for (Index c = 0; c < columns && rows > 0; c += lanes)
      transpose_part(from + c, ld, least(rows, lanes), least(columns - c, lanes), to + c * lanes, lanes);
  }
}

// to [columns, to_ld] = fromᵀ: columns [begin, end), begin a multiple of 16
void transpose(const float* from, Index ld, Index rows, float* to, Index to_ld, Index begin, Index end) {
  for (Index c = begin; c < end; c += lanes)
    for (Index r = 0; r < rows; r += lanes)
      transpose_part(from + r * ld + c, ld, least(rows - r, lanes), least(end - c, lanes), to + c * to_ld + r,
                     to_ld);
}

}  // namespace
}  // namespace runner::lvm::cpu
