#pragma once
// Residual, dropout and layer norm in one pass over each row. Included once by each variant: see table.h.

#include <cmath>

#include "lvm/cpu/kernels.h"

namespace runner::lvm::cpu {
namespace {

// sum = residual + (sum + bias) * factors
void add_branch(const NormForward& n, float* sum, const float* residual, std::uint32_t row_start) {
  if (n.dropout.threshold == 0) {
#pragma omp simd
    for (Index c = 0; c < n.columns; ++c) sum[c] = residual[c] + (sum[c] + n.bias[c]);
    return;
  }
  for (Index c = 0; c < n.columns; c += dropout_block) {
    float factor[dropout_block];
    dropout_factors(n.dropout, row_start, c, factor);
    const Index count = n.columns - c < dropout_block ? n.columns - c : dropout_block;
#pragma omp simd
    for (Index i = 0; i < count; ++i) sum[c + i] = residual[c + i] + (sum[c + i] + n.bias[c + i]) * factor[i];
  }
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

// dbranch = dsum * factors for `count` columns of a dropout block, and its column sums.
inline void branch_gradient(const Dropout& dropout, std::uint32_t block_start, const float* dsum,
                            float* dbranch, float* dbias, Index count) {
  float factor[dropout_block];
  if (dropout.threshold == 0) {
    for (float& f : factor) f = 1;
  } else {
    dropout_factors(dropout, block_start, 0, factor);
  }
#pragma omp simd
  for (Index i = 0; i < count; ++i) {
    const float g = dsum[i] * factor[i];
    dbranch[i] = g;
    dbias[i] += g;
  }
}

// With x^ = (sum - mean) rstd and g = dout gamma: dsum = rstd (g - mean(g) - x^ mean(g x^)).
void norm_backward(const NormBackward& n, float* partial, Index begin, Index end) {
  float *dgamma = partial, *dbeta = partial + n.columns, *dbias = partial + 2 * n.columns;
  for (Index c = 0; c < (n.dbranch ? 3 : 2) * n.columns; ++c) partial[c] = 0;
  const std::uint32_t stride = dropout_stride(n.columns);
  const float inverse = 1.0f / static_cast<float>(n.columns);
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
    total *= inverse;
    product *= inverse;
    float* dsum = n.dsum + r * n.dsum_ld;
    float fresh[dropout_block];
    for (Index b = 0; b < n.columns; b += dropout_block) {
      const Index count = n.columns - b < dropout_block ? n.columns - b : dropout_block;
#pragma omp simd
      for (Index i = 0; i < count; ++i) {
        const Index c = b + i;
        fresh[i] = rstd * (dout[c] * gamma[c] - total - (sum[c] - mean) * rstd * product);
      }
      if (n.dbranch) {
        branch_gradient(n.dropout, static_cast<std::uint32_t>(r) * stride + static_cast<std::uint32_t>(b / 2),
                        fresh, n.dbranch + r * n.columns + b, dbias + b, count);
      }
      if (n.accumulate) {
#pragma omp simd
        for (Index i = 0; i < count; ++i) dsum[b + i] += fresh[i];
      } else {
#pragma omp simd
        for (Index i = 0; i < count; ++i) dsum[b + i] = fresh[i];
      }
    }
  }
}

}  // namespace
}  // namespace runner::lvm::cpu
