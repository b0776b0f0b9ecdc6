#pragma once
// Residual, dropout and layer norm in one pass over each row. Included once by each variant: see table.h.

#include <cmath>

#include "engines/cpu/kernels.h"

namespace runner::lvm::cpu {
namespace {

// `n` columns of a dropout block of sum = residual + (sum + bias) * factor; with n constant it becomes
// straight vector code.
__attribute__((always_inline)) inline void branch_block(float* sum, const float* residual, const float* bias,
                                                        const float* factor, Index n) {
#pragma omp simd
  for (Index i = 0; i < n; ++i) sum[i] = residual[i] + (sum[i] + bias[i]) * factor[i];
}

void add_branch(const NormForward& n, float* sum, const float* residual, std::uint32_t row_start) {
  const Dropout dropout = n.dropout;
  const Index whole = n.columns / dropout_block * dropout_block;
  float factor[dropout_block];
  for (float& f : factor) f = 1;
  for (Index c = 0; c < whole; c += dropout_block) {
    if (dropout.threshold != 0) dropout_factors(dropout, row_start, c, factor);
    branch_block(sum + c, residual + c, n.bias + c, factor, dropout_block);
  }
  if (whole == n.columns) return;
  if (dropout.threshold != 0) dropout_factors(dropout, row_start, whole, factor);
  branch_block(sum + whole, residual + whole, n.bias + whole, factor, n.columns - whole);
}

void norm_forward(const NormForward& n, Index begin, Index end) {
  const std::uint32_t stride = dropout_stride(n.columns);
  const float inverse = 1.0f / static_cast<float>(n.columns);
  for (Index r = begin; r < end; ++r) {
    float* sum = n.sum + r * n.columns;
    if (n.bias) add_branch(n, sum, n.residual + r * n.residual_ld, static_cast<std::uint32_t>(r) * stride);
    float total = 0;
#pragma omp simd reduction(+ : total)
    for (Index c = 0; c < n.columns; ++c) total += sum[c];
    const float mean = total * inverse;
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (Index c = 0; c < n.columns; ++c) squares += (sum[c] - mean) * (sum[c] - mean);
    const float rstd = 1.0f / sqrtf(squares * inverse + n.eps);
    n.mean[r] = mean;
    n.rstd[r] = rstd;
    float* out = n.out + r * n.columns;
    const float *gamma = n.gamma, *beta = n.beta;
#pragma omp simd
    for (Index c = 0; c < n.columns; ++c) out[c] = (sum[c] - mean) * rstd * gamma[c] + beta[c];
  }
}

// What norm_backward needs of one row.
struct RowGradient {
  const float *dout, *sum, *gamma;
  float *dsum, *dbranch, *dbias;
  float mean, rstd, total, product;
};

// `n` columns from `c` on: dsum, then dbranch = dsum * factor and its column sums.
__attribute__((always_inline)) inline void row_gradient(const RowGradient& g, const float* factor,
                                                        bool accumulate, Index c, Index n) {
  float fresh[dropout_block];
#pragma omp simd
  for (Index i = 0; i < n; ++i)
    fresh[i] =
        g.rstd * (g.dout[c + i] * g.gamma[c + i] - g.total - (g.sum[c + i] - g.mean) * g.rstd * g.product);
  if (g.dbranch) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) {
      const float x = fresh[i] * factor[i];
      g.dbranch[c + i] = x;
      g.dbias[c + i] += x;
    }
  }
  if (accumulate) {  // NOLINT(bugprone-branch-clone): one adds, the other sets
#pragma omp simd
    for (Index i = 0; i < n; ++i) g.dsum[c + i] += fresh[i];
  } else {
#pragma omp simd
    for (Index i = 0; i < n; ++i) g.dsum[c + i] = fresh[i];
  }
}

// With x^ = (sum - mean) rstd and g = dout gamma: dsum = rstd (g - mean(g) - x^ mean(g x^)).
void norm_backward(const NormBackward& n, float* partial, Index begin, Index end) {
  float *dgamma = partial, *dbeta = partial + n.columns, *dbias = partial + 2 * n.columns;
  for (Index c = 0; c < (n.dbranch ? 3 : 2) * n.columns; ++c) partial[c] = 0;
  const Dropout dropout = n.dropout;
  const bool drops = n.dbranch && dropout.threshold != 0;
  const std::uint32_t stride = dropout_stride(n.columns);
  const float inverse = 1.0f / static_cast<float>(n.columns);
  const Index whole = n.columns / dropout_block * dropout_block;
  float factor[dropout_block];
  for (float& f : factor) f = 1;
  for (Index r = begin; r < end; ++r) {
    const float *dout = n.dout + r * n.columns, *sum = n.sum + r * n.columns, *gamma = n.gamma;
    const float mean = n.mean[r], rstd = n.rstd[r];
    float total = 0, product = 0;
#pragma omp simd reduction(+ : total, product)
    for (Index c = 0; c < n.columns; ++c) {
      const float x = (sum[c] - mean) * rstd, g = dout[c] * gamma[c];
      dgamma[c] += dout[c] * x;
      dbeta[c] += dout[c];
      total += g;
      product += g * x;
    }
    const RowGradient g{
        dout,  sum,  gamma, n.dsum + r * n.dsum_ld, n.dbranch ? n.dbranch + r * n.columns : nullptr,
        dbias, mean, rstd,  total * inverse,        product * inverse};
    const std::uint32_t start = static_cast<std::uint32_t>(r) * stride;
    for (Index c = 0; c < whole; c += dropout_block) {
      if (drops) dropout_factors(dropout, start, c, factor);
      row_gradient(g, factor, n.accumulate, c, dropout_block);
    }
    if (whole == n.columns) continue;
    if (drops) dropout_factors(dropout, start, whole, factor);
    row_gradient(g, factor, n.accumulate, whole, n.columns - whole);
  }
}

}  // namespace
}  // namespace runner::lvm::cpu
