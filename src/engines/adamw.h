#pragma once
// AdamW's numbers, and what an update makes of them: the engines (libtorch, CPU, CUDA) differ only in where
// they apply it. Data alone: kernels that are compiled for one kind of CPU include this.

#include <cstdint>

namespace runner::lvm {

struct AdamwOptions {
  double lr = 5e-4, weight_decay = 0.01, beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
};

// What makes up for moments that start at 0.
struct BiasCorrection {
  double first = 1;        // 1 - beta1^t
  double second_root = 1;  // sqrt(1 - beta2^t)
};
// Of update number t, from 1.
BiasCorrection bias_correction(const AdamwOptions& options, std::int64_t update);

// One update as kernels compute it, in float32:
//   m = beta1 * m + gain1 * g; v = beta2 * v + gain2 * g * g
//   p = p * decay - step_size * m / (sqrt(v) * root_correction + eps)
struct AdamwFactors {
  float decay = 1;                     // 1 - lr * weight_decay
  float step_size = 0;                 // lr / (1 - beta1^t)
  float beta1 = 0.9f, beta2 = 0.999f;  // what the moments keep,
  float gain1 = 0.1f, gain2 = 0.001f;  // and 1 - beta, rounded from double
  float eps = 1e-8f;
  float root_correction = 1;  // 1 / sqrt(1 - beta2^t)
};
AdamwFactors adamw_factors(const AdamwOptions& options, std::int64_t update);

}  // namespace runner::lvm
