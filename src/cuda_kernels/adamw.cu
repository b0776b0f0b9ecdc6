// Clipping and AdamW in one pass over the flat buffers.
#include <algorithm>

#include "cuda_kernels/device.cuh"

namespace runner::lvm::cuda {
namespace {

constexpr int threads = 256;

__global__ void __launch_bounds__(threads)
    update(float* weights, const float* gradients, float* exp_avg, float* exp_avg_sq, std::int64_t count,
           const AdamwSettings* settings, const float* norm, const float* loss) {
  if (!isfinite(*norm) || !isfinite(*loss)) return;
  const AdamwSettings s = *settings;
  const float scale = s.clip_norm > 0 ? fminf(1.0f, s.clip_norm / (*norm + 1e-6f)) : 1.0f;
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * threads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x; i < count;
       i += stride) {
    const float g = gradients[i] * scale;
    const float m = exp_avg[i] = s.beta1 * exp_avg[i] + s.gain1 * g;
    const float v = exp_avg_sq[i] = s.beta2 * exp_avg_sq[i] + s.gain2 * g * g;
    weights[i] = weights[i] * s.decay - s.step_size * m / (sqrtf(v) * s.root_correction + s.eps);
  }
}

}  // namespace

void adamw(float* weights, const float* gradients, float* exp_avg, float* exp_avg_sq, std::int64_t count,
           const AdamwSettings* settings, const float* norm, const float* loss, cudaStream_t stream) {
  const auto blocks = static_cast<unsigned>(std::min<std::int64_t>((count + threads - 1) / threads, 8448));
  update<<<blocks, threads, 0, stream>>>(weights, gradients, exp_avg, exp_avg_sq, count, settings, norm,
                                         loss);
  check_launch("adamw");
}

}  // namespace runner::lvm::cuda
