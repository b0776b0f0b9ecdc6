#pragma once
// The transformer's sizes and weights as the CPU engine takes them.

#include "engines/cpu/network.h"
#include "models/transformer.h"

namespace runner::lvm {

// Why the engine cannot compute this model there; empty when it can. It does the transformer, with or without
// a positional scalar and a residual, on the CPU.
std::string engine_misfit(const Model& model, const torch::Device& device);

// For contexts of `context` vectors. Throws UsageError when the model's position table has fewer.
cpu::Shape engine_shape(const ModelSizes& sizes, std::int64_t context);

// The precision of the engine in which this model is to be computed.
cpu::Precision engine_precision(const Model& model);

// Copies weights and positions. Throws RunError when the network's parameters are not the model's.
void load_weights(const Transformer& model, cpu::Network& network);

}  // namespace runner::lvm
