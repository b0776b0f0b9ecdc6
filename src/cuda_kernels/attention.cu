// Attention over at most max_keys positions: a warp holds all keys and values of one head in registers. A
// batched product call on 5 x 64 matrices costs many times more.
#include "cuda_kernels/device.cuh"

namespace runner::lvm::cuda {
namespace {

constexpr int warps = 4;  // a block

template <int V>
struct Rows {
  float at[max_keys][V];
};

// Element c of a head lies in lane c % 32, register c / 32.
template <class T, int V>
__device__ void load(float (&row)[V], const T* from, int lane, int head_dim) {
#pragma unroll
  for (int i = 0; i < V; ++i) row[i] = i * 32 + lane < head_dim ? to_float(from[i * 32 + lane]) : 0.0f;
}

template <class T, int V>
__device__ void save(T* to, const float (&row)[V], int lane, int head_dim) {
#pragma unroll
  for (int i = 0; i < V; ++i)
    if (i * 32 + lane < head_dim) store(to + i * 32 + lane, row[i]);
}

template <int V>
__device__ float dot(const float (&a)[V], const float (&b)[V]) {
  float s = 0;
#pragma unroll
  for (int i = 0; i < V; ++i) s += a[i] * b[i];
  return warp_sum(s);
}

template <int V>
__device__ void add_scaled(float (&y)[V], const float (&x)[V], float f) {
#pragma unroll
  for (int i = 0; i < V; ++i) y[i] += f * x[i];
}

template <class T, int V>
__device__ void load_rows(Rows<V>& rows, const void* from, std::int64_t row, int count, int lane,
                          int head_dim) {
#pragma unroll
  for (int j = 0; j < max_keys; ++j)
    if (j < count) load(rows.at[j], static_cast<const T*>(from) + j * row, lane, head_dim);
}

template <class T, int V>
__global__ void __launch_bounds__(32 * warps) forward(Attention a, T* out) {
  const int lane = threadIdx.x % 32, hd = static_cast<int>(a.head_dim), keys = static_cast<int>(a.keys);
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * warps + threadIdx.x / 32;
  if (item >= a.batch * a.heads) return;
  const std::int64_t b = item / a.heads, at = item % a.heads * hd;
  const Dropout dropout = Dropout::from(a.draws);
  const float scale = rsqrtf(static_cast<float>(hd));
  Rows<V> k, v;
  load_rows<T>(k, static_cast<const T*>(a.k) + b * a.k_batch + at, a.k_row, keys, lane, hd);
  load_rows<T>(v, static_cast<const T*>(a.v) + b * a.v_batch + at, a.v_row, keys, lane, hd);
  for (int i = 0; i < a.queries; ++i) {
    const int seen = a.causal ? i + 1 : keys;
    const std::int64_t first = (item * a.queries + i) * keys;
    float q[V], mixed[V] = {}, p[max_keys], top = -INFINITY, total = 0;
    load(q, static_cast<const T*>(a.q) + b * a.q_batch + i * a.q_row + at, lane, hd);
#pragma unroll
    for (int j = 0; j < max_keys; ++j)
      if (j < seen) top = fmaxf(top, p[j] = scale * dot(q, k.at[j]));
#pragma unroll
    for (int j = 0; j < max_keys; ++j)
      if (j < seen) total += p[j] = expf(p[j] - top);
#pragma unroll
    for (int j = 0; j < max_keys; ++j) {
      if (j >= keys) continue;
      const float share = j < seen ? p[j] / total : 0.0f;
      if (lane == j) a.probabilities[first + j] = share;
      if (j < seen) add_scaled(mixed, v.at[j], share * dropout.factor(static_cast<std::uint32_t>(first + j)));
    }
    save(out + (b * a.queries + i) * a.heads * hd + at, mixed, lane, hd);
  }
}

template <class T, int V>
__global__ void __launch_bounds__(32 * warps) backward(Attention a, const T* dout, T* dq, T* dk, T* dv) {
  const int lane = threadIdx.x % 32, hd = static_cast<int>(a.head_dim), keys = static_cast<int>(a.keys);
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * warps + threadIdx.x / 32;
  if (item >= a.batch * a.heads) return;
  const std::int64_t b = item / a.heads, at = item % a.heads * hd, width = a.heads * hd;
  const Dropout dropout = Dropout::from(a.draws);
  const float scale = rsqrtf(static_cast<float>(hd));
  Rows<V> k, v, gk = {}, gv = {};
  load_rows<T>(k, static_cast<const T*>(a.k) + b * a.k_batch + at, a.k_row, keys, lane, hd);
  load_rows<T>(v, static_cast<const T*>(a.v) + b * a.v_batch + at, a.v_row, keys, lane, hd);
  for (int i = 0; i < a.queries; ++i) {
    const int seen = a.causal ? i + 1 : keys;
    const std::int64_t first = (item * a.queries + i) * keys, row = (b * a.queries + i) * width + at;
    float q[V], g[V], gq[V] = {}, p[max_keys], dp[max_keys], mean = 0;
    load(q, static_cast<const T*>(a.q) + b * a.q_batch + i * a.q_row + at, lane, hd);
    load(g, dout + row, lane, hd);
#pragma unroll
    for (int j = 0; j < max_keys; ++j) {
      if (j >= seen) continue;
      p[j] = a.probabilities[first + j];
      const float factor = dropout.factor(static_cast<std::uint32_t>(first + j));
      dp[j] = factor * dot(g, v.at[j]);
      mean += p[j] * dp[j];  // what softmax's backward pass subtracts
      add_scaled(gv.at[j], g, p[j] * factor);
    }
#pragma unroll
    for (int j = 0; j < max_keys; ++j) {
      if (j >= seen) continue;
      const float ds = scale * p[j] * (dp[j] - mean);
      add_scaled(gq, k.at[j], ds);
      add_scaled(gk.at[j], q, ds);
    }
    save(dq + row, gq, lane, hd);
  }
#pragma unroll
  for (int j = 0; j < max_keys; ++j) {
    if (j >= keys) continue;
    save(dk + (b * keys + j) * width + at, gk.at[j], lane, hd);
    save(dv + (b * keys + j) * width + at, gv.at[j], lane, hd);
  }
}

// Calls f with the type and the registers a row that `a` needs.
template <class F>
void dispatch(const Attention& a, F f) {
  const auto by_width = [&](auto type) {
    if (a.head_dim <= 32)
      f(type, std::integral_constant<int, 1>());
    else if (a.head_dim <= 64)
      f(type, std::integral_constant<int, 2>());
    else
      f(type, std::integral_constant<int, 4>());
  };
  if (a.bf16)
    by_width(__nv_bfloat16());
  else
    by_width(float());
}

unsigned blocks(const Attention& a) {
  return static_cast<unsigned>((a.batch * a.heads + warps - 1) / warps);
}

}  // namespace

void attention_forward(const Attention& a, void* out, cudaStream_t stream) {
  dispatch(a, [&](auto type, auto width) {
    using T = decltype(type);
    forward<T, decltype(width)::value><<<blocks(a), 32 * warps, 0, stream>>>(a, static_cast<T*>(out));
  });
  check_launch("attention_forward");
}

void attention_backward(const Attention& a, const void* dout, void* dq, void* dk, void* dv,
                        cudaStream_t stream) {
  dispatch(a, [&](auto type, auto width) {
    using T = decltype(type);
    backward<T, decltype(width)::value><<<blocks(a), 32 * warps, 0, stream>>>(
        a, static_cast<const T*>(dout), static_cast<T*>(dq), static_cast<T*>(dk), static_cast<T*>(dv));
  });
  check_launch("attention_backward");
}

}  // namespace runner::lvm::cuda
