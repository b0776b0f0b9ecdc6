#pragma once
// Bias, activation and dropout over rows. Included once by each variant: see table.h.

#include <cmath>

#include "engines/cpu/kernels.h"

namespace runner::lvm::cpu {
namespace {

void add_bias_table(float* y, Index columns, const float* bias, const float* table, Index period, Index begin,
                    Index end) {
  for (Index r = begin; r < end; ++r) {
    float* row = y + r * columns;
    const float* t = table + (r % period) * columns;
#pragma omp simd
    for (Index c = 0; c < columns; ++c) row[c] += bias[c] + t[c];
  }
}

void add_bias(float* y, Index columns, const float* bias, Index begin, Index end) {
  for (Index r = begin; r < end; ++r) {
    float* row = y + r * columns;
#pragma omp simd
    for (Index c = 0; c < columns; ++c) row[c] += bias[c];
  }
}

// `n` columns of a dropout block. Called with the constant 32 but for a row's end, so that it becomes
// straight vector code.
__attribute__((always_inline)) inline void relu_block(float* y, const float* bias, const float* factor,
                                                      Index n) {
#pragma omp simd
  for (Index i = 0; i < n; ++i) {
    const float x = y[i] + bias[i];
    y[i] = (x < 0 ? 0 : x) * factor[i];  // what is no number stays so
  }
}

void relu_forward(float* y, Index columns, const float* bias, const Dropout& draws, Index begin, Index end) {
  const Dropout dropout = draws;  // a copy: what is written cannot be it
  const std::uint32_t stride = dropout_stride(columns);
  const Index whole = columns / dropout_block * dropout_block;
  float factor[dropout_block];
  for (float& f : factor) f = 1;
  for (Index r = begin; r < end; ++r) {
    float* row = y + r * columns;
    const std::uint32_t start = static_cast<std::uint32_t>(r) * stride;
    for (Index c = 0; c < whole; c += dropout_block) {
      if (dropout.threshold != 0) dropout_factors(dropout, start, c, factor);
      relu_block(row + c, bias + c, factor, dropout_block);
    }
    if (whole == columns) continue;
    if (dropout.threshold != 0) dropout_factors(dropout, start, whole, factor);
    relu_block(row + whole, bias + whole, factor, columns - whole);
  }
}

void relu_backward(float* dy, const float* y, Index columns, float scale, float* partial, Index begin,
                   Index end) {
  for (Index c = 0; c < columns; ++c) partial[c] = 0;
  for (Index r = begin; r < end; ++r) {
    float* g = dy + r * columns;
    const float* row = y + r * columns;
#pragma omp simd
    for (Index c = 0; c < columns; ++c) {
      const float x = row[c] > 0 ? g[c] * scale : 0;
      g[c] = x;
      partial[c] += x;
    }
  }
}

// gelu(z) = z * Phi(z), Phi the normal distribution function.
void gelu_forward(float* z, float* y, Index columns, const float* bias, Index begin, Index end) {
  constexpr float root_half = 0.70710678118654752f;
  for (Index r = begin; r < end; ++r) {
    for (Index c = 0; c < columns; ++c) {
      const float x = z[r * columns + c] + bias[c];
      z[r * columns + c] = x;
      y[r * columns + c] = 0.5f * x * (1.0f + erff(x * root_half));
    }
  }
}

// gelu'(z) = Phi(z) + z * phi(z), phi the normal density.
void gelu_backward(float* dy, const float* z, Index columns, float* partial, Index begin, Index end) {
  constexpr float root_half = 0.70710678118654752f, density = 0.39894228040143268f;
  for (Index c = 0; c < columns; ++c) partial[c] = 0;
  for (Index r = begin; r < end; ++r) {
    for (Index c = 0; c < columns; ++c) {
      const float x = z[r * columns + c];
      const float slope = 0.5f * (1.0f + erff(x * root_half)) + x * density * expf(-0.5f * x * x);
      const float g = dy[r * columns + c] * slope;
      dy[r * columns + c] = g;
      partial[c] += g;
    }
  }
}

void column_sums(const float* y, Index columns, float* partial, Index begin, Index end) {
  for (Index c = 0; c < columns; ++c) partial[c] = 0;
  for (Index r = begin; r < end; ++r) {
    const float* row = y + r * columns;
#pragma omp simd
    for (Index c = 0; c < columns; ++c) partial[c] += row[c];
  }
}

}  // namespace
}  // namespace runner::lvm::cpu
