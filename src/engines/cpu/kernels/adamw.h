#pragma once
// The update of weights, and the norm that clips it. Included once by each variant: see table.h.

#include <cmath>

#include "engines/cpu/kernels.h"

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
__attribute__((always_inline)) inline void adamw_value(const Adamw& a, float& p, float g, float& m,
                                                       float& v) {
  const float x = g * a.gradient_scale;
  const float mean = a.beta1 * m + a.gain1 * x;
  const float square = a.beta2 * v + a.gain2 * x * x;
  m = mean;
  v = square;
  p = p * a.decay - a.step_size * mean / (sqrtf(square) * a.root_correction + a.eps);
}

void adamw(const Adamw& update, float* p, const float* g, float* m, float* v, Index n) {
  const Adamw a = update;                   // a copy: what is written cannot be it
  constexpr Index piece = 32, ahead = 512;  // the CPU's own foresight ends with each page
  for (Index at = 0; at < n; at += piece) {
    for (Index line = at + ahead; line < at + ahead + piece; line += 16) {
      __builtin_prefetch(p + line, 1);
      __builtin_prefetch(g + line);
      __builtin_prefetch(m + line, 1);
      __builtin_prefetch(v + line, 1);
    }
    const Index end = at + piece < n ? at + piece : n;
#pragma omp simd
    for (Index i = at; i < end; ++i) adamw_value(a, p[i], g[i], m[i], v[i]);
  }
}

}  // namespace
}  // namespace runner::lvm::cpu
