#pragma once
// The update of weights, and the norm that clips it. Included once by each variant: see table.h.

#include <cmath>

#include "lvm/cpu/kernels.h"

namespace runner::lvm::cpu {
namespace {

double square_sum(const float* x, Index n) {
  constexpr Index block = 2048;  // summed in float32 before it joins the double
  double total = 0;
  for (Index b = 0; b < n; b += block) {
    const Index end = b + block < n ? b + block : n;
    float s = 0;
#pragma omp simd reduction(+ : s)
    for (Index i = b; i < end; ++i) s += x[i] * x[i];
    total += s;
  }
  return total;
}

// AdamW as PyTorch computes it: decoupled decay, then p -= lr/(1-b1^t) * m / (sqrt(v)/sqrt(1-b2^t) + eps).
void adamw(const Adamw& a, float* p, const float* g, float* m, float* v, Index n) {
  const float decay = a.decay, step = a.step_size, b1 = a.beta1, b2 = a.beta2, eps = a.eps;
  const float root = a.root_correction, scale = a.gradient_scale, c1 = a.gain1, c2 = a.gain2;
#pragma omp simd
  for (Index i = 0; i < n; ++i) {
    const float x = g[i] * scale;
    const float mean = b1 * m[i] + c1 * x;
    const float square = b2 * v[i] + c2 * x * x;
    m[i] = mean;
    v[i] = square;
    p[i] = p[i] * decay - step * mean / (sqrtf(square) * root + eps);
  }
}

}  // namespace
}  // namespace runner::lvm::cpu
