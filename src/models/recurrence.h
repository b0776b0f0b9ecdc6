#pragma once
// The layers that go from step to step, each one node of the graph: gradients of the recurrent weight are one
// product over all steps, where autograd through the steps would make one a step and add them up.

#include <torch/torch.h>

#include "models/init.h"
#include "models/linear.h"

namespace runner::lvm {

// x [B, T, I] -> hidden states [B, T, H] float32, from a state of zeros. Gates in PyTorch's order: input,
// forget, cell, output.
torch::Tensor lstm_layer(const torch::Tensor& x, const RecurrentLayer& layer, const Compute& compute);
// Likewise; gates: reset, update, new.
torch::Tensor gru_layer(const torch::Tensor& x, const RecurrentLayer& layer, const Compute& compute);

}  // namespace runner::lvm
