#pragma once
// The transformer from plain tensor operations, with the engine's dropout factors put in by hand: what the
// fused passes must agree with when dropout is on. In bf16 the operands of every product, forward and
// backward, are rounded where the engine rounds them.

#include <torch/torch.h>

#include <map>
#include <string>

#include "engines/cpu/dropout.h"
#include "engines/cpu/shape.h"

namespace runner::lvm::cpu {

using Weights = std::map<std::string, torch::Tensor>;

// contexts [B, T, D] -> raw [B, output]
torch::Tensor dropped_forward(const Shape& shape, const Weights& weights, const torch::Tensor& positions,
                              const torch::Tensor& contexts, DropoutKey key,
                              Precision precision = Precision::fp32);

}  // namespace runner::lvm::cpu
