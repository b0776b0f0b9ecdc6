#pragma once
// What the kernels share: conversions, sums over a warp, dropout.

#include <cuda_bf16.h>

#include <stdexcept>
#include <string>

#include "cuda_kernels/kernels.h"

namespace runner::lvm::cuda {

__device__ inline float to_float(float x) {
  return x;
}
__device__ inline float to_float(__nv_bfloat16 x) {
  return __bfloat162float(x);
}
__device__ inline void store(float* at, float x) {
  *at = x;
}
__device__ inline void store(__nv_bfloat16* at, float x) {
  *at = __float2bfloat16(x);
}

// The sum over the warp, in every lane.
__device__ inline float warp_sum(float x) {
#pragma unroll
  for (int o = 16; o > 0; o >>= 1) x += __shfl_xor_sync(0xffffffffu, x, o);
  return x;
}

// The draws of one place in a step. The hash is the one of engines/cpu/dropout.h: "lowbias32" with a second
// key.
struct Dropout {
  std::uint32_t first = 0, second = 0, threshold = 0;
  float scale = 1;

  __device__ static Dropout from(const Draws& d) {
    Dropout x;
    if (d.probability == 0) return x;
    x.threshold = static_cast<std::uint32_t>(d.probability * 65536.0 + 0.5);
    x.scale = 65536.0f / (65536.0f - static_cast<float>(x.threshold));
    const std::uint64_t key = mix(mix(static_cast<std::uint64_t>(*d.key)) ^ d.place);
    x.first = static_cast<std::uint32_t>(key) + d.first;
    x.second = static_cast<std::uint32_t>(key >> 32);
    return x;
  }
  // Finaliser of SplitMix64.
  __device__ static std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }
  // 0 or scale.
  __device__ float factor(std::uint32_t i) const {
    if (threshold == 0) return 1;
    std::uint32_t x = i + first;
    x ^= x >> 16, x *= 0x7feb352du, x ^= x >> 15;
    x += second;
    x ^= x >> 16, x *= 0x846ca68bu, x ^= x >> 15, x *= 0x7feb352du;
    return (x >> 16) < threshold ? 0.0f : scale;
  }
};

inline void check_launch(const char* kernel) {
  const cudaError_t error = cudaGetLastError();
  if (error != cudaSuccess) throw std::runtime_error(std::string(kernel) + ": " + cudaGetErrorString(error));
}

}  // namespace runner::lvm::cuda
