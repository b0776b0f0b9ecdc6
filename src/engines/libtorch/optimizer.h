#pragma once
// AdamW and gradient clipping, the plain path: PyTorch's formulas, decoupled weight decay on every parameter.

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "engines/adamw.h"

namespace runner::lvm {

class AdamW {
 public:
  AdamW(std::vector<torch::Tensor> parameters, AdamwOptions options);

  // One update from the parameters' gradients; parameters without one are left alone.
  void step();
  void zero_grad();

  AdamwOptions options;    // lr may change between steps
  std::int64_t steps = 0;  // updates done
  std::vector<torch::Tensor> parameters;
  std::vector<torch::Tensor> exp_avg, exp_avg_sq;  // one a parameter, in order, same shape
};

// Scales all gradients so that their global 2-norm is at most `max_norm`; returns the norm before, on the
// device. A norm that is not finite makes the gradients not finite: the caller checks it before the update.
torch::Tensor clip_grad_norm(const std::vector<torch::Tensor>& parameters, double max_norm);

}  // namespace runner::lvm
