// Residual, dropout and layer norm in one pass, a warp a row: the row stays in registers.
#include <algorithm>

#include "cuda_kernels/device.cuh"

namespace runner::lvm::cuda {
namespace {

constexpr int warps = 4;                    // a block
constexpr std::int64_t most_blocks = 1056;  // of the backward pass: each leaves one row of partial sums
constexpr float eps = 1e-5f;

// Column c lies in lane c % 32, register c / 32; the first `n` of N registers are in use.
template <class T, int N>
__global__ void __launch_bounds__(32 * warps) forward(AddNorm a, const float* rest, const T* part, float* y) {
  const int lane = threadIdx.x % 32, n = static_cast<int>(a.columns / 32);
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * warps + threadIdx.x / 32;
  if (row >= a.rows) return;
  const Dropout dropout = Dropout::from(a.draws);
  const std::int64_t start = row * a.columns + lane;
  float x[N], total = 0, squares = 0;
#pragma unroll
  for (int i = 0; i < N; ++i) {
    if (i >= n) continue;
    const std::int64_t at = start + i * 32;
    x[i] = rest[at] + to_float(part[at]) * dropout.factor(static_cast<std::uint32_t>(at));
    total += x[i];
  }
  const float mean = warp_sum(total) / static_cast<float>(a.columns);
#pragma unroll
  for (int i = 0; i < N; ++i)
    if (i < n) squares += (x[i] - mean) * (x[i] - mean);
  const float rstd = rsqrtf(warp_sum(squares) / static_cast<float>(a.columns) + eps);
#pragma unroll
  for (int i = 0; i < N; ++i) {
    if (i >= n) continue;
    a.sum[start + i * 32] = x[i];
    y[start + i * 32] = (x[i] - mean) * rstd * a.gamma[i * 32 + lane] + a.beta[i * 32 + lane];
  }
  if (lane == 0) a.mean[row] = mean, a.rstd[row] = rstd;
}

// With x^ = (sum - mean) rstd and g = dy gamma: drest = rstd (g - mean(g) - x^ mean(g x^)).
template <class T, int N>
__global__ void __launch_bounds__(32 * warps)
    backward(AddNorm a, const float* dy, float* drest, T* dpart, float* partial) {
  extern __shared__ float shared[];  // [warps, 2, columns]
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, n = static_cast<int>(a.columns / 32);
  const Dropout dropout = Dropout::from(a.draws);
  const float inverse = 1.0f / static_cast<float>(a.columns);
  float dgamma[N] = {}, dbeta[N] = {};
  for (std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * warps + warp; row < a.rows;
       row += static_cast<std::int64_t>(gridDim.x) * warps) {
    const std::int64_t start = row * a.columns + lane;
    const float mean = a.mean[row], rstd = a.rstd[row];
    float x[N], g[N], total = 0, product = 0;
#pragma unroll
    for (int i = 0; i < N; ++i) {
      if (i >= n) continue;
      x[i] = (a.sum[start + i * 32] - mean) * rstd;
      const float d = dy[start + i * 32];
      dgamma[i] += d * x[i];
      dbeta[i] += d;
      g[i] = d * a.gamma[i * 32 + lane];
      total += g[i];
      product += g[i] * x[i];
    }
    total = warp_sum(total) * inverse;
    product = warp_sum(product) * inverse;
#pragma unroll
    for (int i = 0; i < N; ++i) {
      if (i >= n) continue;
      const std::int64_t at = start + i * 32;
      const float d = rstd * (g[i] - total - x[i] * product);
      drest[at] = d;
      store(dpart + at, d * dropout.factor(static_cast<std::uint32_t>(at)));
    }
  }
  float* mine = shared + warp * 2 * a.columns;
#pragma unroll
  for (int i = 0; i < N; ++i)
    if (i < n) mine[i * 32 + lane] = dgamma[i], mine[a.columns + i * 32 + lane] = dbeta[i];
  __syncthreads();
  for (int c = threadIdx.x; c < 2 * a.columns; c += 32 * warps) {
    float s = 0;
    for (int w = 0; w < warps; ++w) s += shared[w * 2 * a.columns + c];
    partial[blockIdx.x * 2 * a.columns + c] = s;
  }
}

template <class F>
void dispatch(const AddNorm& a, F f) {
  const auto by_width = [&](auto type) {
    if (a.columns <= 128)
      f(type, std::integral_constant<int, 4>());
    else if (a.columns <= 512)
      f(type, std::integral_constant<int, 16>());
    else
      f(type, std::integral_constant<int, 32>());
  };
  if (a.bf16)
    by_width(__nv_bfloat16());
  else
    by_width(float());
}

std::int64_t row_blocks(std::int64_t rows) {
  return (rows + warps - 1) / warps;
}

}  // namespace

std::int64_t add_norm_blocks(std::int64_t rows) {
  return std::min(most_blocks, row_blocks(rows));
}

void add_norm_forward(const AddNorm& a, const float* rest, const void* part, float* y, cudaStream_t stream) {
  dispatch(a, [&](auto type, auto width) {
    using T = decltype(type);
    forward<T, decltype(width)::value><<<static_cast<unsigned>(row_blocks(a.rows)), 32 * warps, 0, stream>>>(
        a, rest, static_cast<const T*>(part), y);
  });
  check_launch("add_norm_forward");
}

void add_norm_backward(const AddNorm& a, const float* dy, float* drest, void* dpart, float* partial,
                       cudaStream_t stream) {
  const auto blocks = static_cast<unsigned>(add_norm_blocks(a.rows));
  const auto bytes = static_cast<std::size_t>(warps * 2 * a.columns) * sizeof(float);
  dispatch(a, [&](auto type, auto width) {
    using T = decltype(type);
    backward<T, decltype(width)::value>
        <<<blocks, 32 * warps, bytes, stream>>>(a, dy, drest, static_cast<T*>(dpart), partial);
  });
  check_launch("add_norm_backward");
}

}  // namespace runner::lvm::cuda
