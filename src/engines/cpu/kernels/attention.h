#pragma once
// Causal attention over a handful of positions, directly: at T = 5 a product call costs more than the
// product. Included once by each variant: see table.h.

#include <cmath>

#include "engines/cpu/kernels.h"

namespace runner::lvm::cpu {
namespace {

__attribute__((always_inline)) inline float dot(const float* a, const float* b, Index n) {
  float s = 0;
#pragma omp simd reduction(+ : s)
  for (Index i = 0; i < n; ++i) s += a[i] * b[i];
  return s;
}

__attribute__((always_inline)) inline void add_scaled(float* y, const float* x, float a, Index n) {
#pragma omp simd
  for (Index i = 0; i < n; ++i) y[i] += a * x[i];
}

// Keys that query `i` sees.
inline Index visible(const AttentionShape& s, Index i) {
  return s.queries == 1 ? s.keys : i + 1;
}

// Dropout factor of one probability; each takes a draw of its own.
inline float probability_factor(const Dropout& d, Index element) {
  if (d.threshold == 0) return 1;
  return (draw32(d, static_cast<std::uint32_t>(element)) >> 16) < d.threshold ? 0.0f : d.scale;
}

inline void softmax(float* p, Index n) {
  float top = p[0];
  for (Index j = 1; j < n; ++j) top = p[j] > top ? p[j] : top;
  float total = 0;
  for (Index j = 0; j < n; ++j) {
    p[j] = expf(p[j] - top);
    total += p[j];
  }
  for (Index j = 0; j < n; ++j) p[j] /= total;
}

inline void add_rows(float* y, Index ld, Index rows, const float* bias, Index columns) {
  for (Index r = 0; r < rows; ++r) add_scaled(y + r * ld, bias, 1.0f, columns);
}

// One head of one batch item; q, k, v and out point at it. With `hd` constant its loops become straight code.
__attribute__((always_inline)) inline void head_forward(const AttentionShape& s, Index hd, const float* q,
                                                        const float* k, const float* v, float* p, float* out,
                                                        Index element) {
  const float scale = 1.0f / sqrtf(static_cast<float>(hd));
  const Index width = s.width();
  for (Index i = 0; i < s.queries; ++i, p += s.keys, element += s.keys, q += s.q_ld, out += width) {
    const Index n = visible(s, i);
    for (Index j = 0; j < n; ++j) p[j] = scale * dot(q, k + j * s.kv_ld, hd);
    softmax(p, n);
    for (Index c = 0; c < hd; ++c) out[c] = 0;
    for (Index j = 0; j < n; ++j)
      add_scaled(out, v + j * s.kv_ld, p[j] * probability_factor(s.dropout, element + j), hd);
  }
}

void attention_forward(const AttentionForward& a, Index begin, Index end) {
  const AttentionShape s = a.shape;
  const Index width = s.width(), hd = s.head_dim;
  for (Index b = begin; b < end; ++b) {
    float* q = a.q + b * s.queries * s.q_ld;
    float* k = a.k + b * s.keys * s.kv_ld;
    float* v = a.v + b * s.keys * s.kv_ld;
    add_rows(q, s.q_ld, s.queries, a.q_bias, width);
    add_rows(k, s.kv_ld, s.keys, a.k_bias, width);
    add_rows(v, s.kv_ld, s.keys, a.v_bias, width);
    for (Index h = 0; h < s.heads; ++h) {
      const Index element = (b * s.heads + h) * s.queries * s.keys, at = h * hd;
      float* out = a.out + b * s.queries * width + at;
      if (hd == 64)
        head_forward(s, 64, q + at, k + at, v + at, a.probabilities + element, out, element);
      else
        head_forward(s, hd, q + at, k + at, v + at, a.probabilities + element, out, element);
    }
  }
}

// One head of one query, the head's first column being `at`.
__attribute__((always_inline)) inline void cached_head(const AttentionCached& a, Index hd, const float* q,
                                                       const float* const* rows, Index at, float* out) {
  const float scale = 1.0f / sqrtf(static_cast<float>(hd));
  const Index width = a.heads * a.head_dim;
  float p[attention_keys];
  for (Index j = 0; j < a.keys; ++j) p[j] = scale * dot(q + at, rows[j] + at, hd);
  softmax(p, a.keys);
  for (Index c = 0; c < hd; ++c) out[at + c] = a.v_bias[at + c];
  for (Index j = 0; j < a.keys; ++j) add_scaled(out + at, rows[j] + width + at, p[j], hd);
}

void attention_cached(const AttentionCached& a, Index begin, Index end) {
  const Index hd = a.head_dim, width = a.heads * hd;
  for (Index i = begin; i < end; ++i) {
    const float* const* rows = a.rows + i * a.keys;
    add_scaled(a.q + i * width, a.q_bias, 1.0f, width);
    for (Index h = 0; h < a.heads; ++h) {
      if (hd == 64)
        cached_head(a, 64, a.q + i * width, rows, h * hd, a.out + i * width);
      else
        cached_head(a, hd, a.q + i * width, rows, h * hd, a.out + i * width);
    }
  }
}

// Gradients of one head of one batch item; adds to dk and dv.
__attribute__((always_inline)) inline void head_backward(const AttentionBackward& a, const AttentionShape& s,
                                                         Index hd, Index b, Index h) {
  const float scale = 1.0f / sqrtf(static_cast<float>(hd));
  const Index width = s.width(), at = b * s.keys * s.kv_ld + h * hd;
  const float *k = a.k + at, *v = a.v + at;
  float *dk = a.dk + at, *dv = a.dv + at;
  for (Index i = 0; i < s.queries; ++i) {
    const Index n = visible(s, i), first = ((b * s.heads + h) * s.queries + i) * s.keys;
    const float* p = a.probabilities + first;
    const float* dout = a.dout + (b * s.queries + i) * width + h * hd;
    const float* q = a.q + (b * s.queries + i) * s.q_ld + h * hd;
    float* dq = a.dq + (b * s.queries + i) * s.q_ld + h * hd;
    float dp[attention_keys], factor[attention_keys];
    float mean = 0;  // sum of p dp: what softmax's backward subtracts
    for (Index j = 0; j < n; ++j) {
      factor[j] = probability_factor(s.dropout, first + j);
      dp[j] = factor[j] * dot(dout, v + j * s.kv_ld, hd);
      mean += p[j] * dp[j];
    }
    for (Index c = 0; c < hd; ++c) dq[c] = 0;
    for (Index j = 0; j < n; ++j) {
      const float ds = scale * p[j] * (dp[j] - mean);
      add_scaled(dq, k + j * s.kv_ld, ds, hd);
      add_scaled(dk + j * s.kv_ld, q, ds, hd);
      add_scaled(dv + j * s.kv_ld, dout, p[j] * factor[j], hd);
    }
  }
}

void attention_backward(const AttentionBackward& a, float* q_partial, float* kv_partial, Index begin,
                        Index end) {
  const AttentionShape s = a.shape;
  const Index width = s.width();
  for (Index c = 0; c < width; ++c) q_partial[c] = 0;
  for (Index c = 0; c < 2 * width; ++c) kv_partial[c] = 0;
  for (Index b = begin; b < end; ++b) {
    for (Index j = 0; j < s.keys; ++j) {
      float* dk = a.dk + (b * s.keys + j) * s.kv_ld;
      float* dv = a.dv + (b * s.keys + j) * s.kv_ld;
      for (Index c = 0; c < width; ++c) dk[c] = dv[c] = 0;
    }
    for (Index h = 0; h < s.heads; ++h) {
      if (s.head_dim == 64)
        head_backward(a, s, 64, b, h);
      else
        head_backward(a, s, s.head_dim, b, h);
    }
    for (Index i = 0; i < s.queries; ++i)
      add_scaled(q_partial, a.dq + (b * s.queries + i) * s.q_ld, 1.0f, width);
    for (Index j = 0; j < s.keys; ++j) {
      add_scaled(kv_partial, a.dk + (b * s.keys + j) * s.kv_ld, 1.0f, width);
      add_scaled(kv_partial + width, a.dv + (b * s.keys + j) * s.kv_ld, 1.0f, width);
    }
  }
}

}  // namespace
}  // namespace runner::lvm::cpu
