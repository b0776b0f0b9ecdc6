#pragma once
// Sizes of the transformer that the engine computes. The model itself: models/transformer.h.

#include <cstdint>

namespace runner::lvm::cpu {

struct Shape {
  std::int64_t input = 768;   // features of a context vector
  std::int64_t output = 768;  // features of the prediction
  std::int64_t d_model = 512;
  std::int64_t heads = 8;
  std::int64_t layers = 4;
  std::int64_t feedforward = 2048;
  std::int64_t context = 5;           // T: vectors of a context
  std::int64_t residual_weights = 0;  // context's, where the prediction has a learnt residual; else 0
  double dropout = 0.1;               // realised to 1/65536, and scaled by exactly what is realised
  double norm_eps = 1e-5;             // of every layer norm
};

enum class Precision {
  fp32,
  bf16,  // products of bfloat16 values summed in float32; norms, softmax, gradients and weights stay float32
};

}  // namespace runner::lvm::cpu
