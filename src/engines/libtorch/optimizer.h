#pragma once
// AdamW by libtorch's operators, for every device: PyTorch's formulas, decoupled weight decay on every
// parameter.

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

}  // namespace runner::lvm
