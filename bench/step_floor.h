#pragma once
// The floor of a training step: its products at the rate of the fastest plain product at hand, and one pass
// over the optimizer's memory.

#include <cstdint>
#include <vector>

#include "engines/cpu/shape.h"

namespace runner::bench {

// c [m, n] = a [m, k] · b [k, n], `count` times a step.
struct ProductSize {
  std::int64_t m, n, k, count;
};

// Every product that a step of the model needs, forward and backward: the last layer only for its last
// position, cross-attention's keys and values of all layers in one.
std::vector<ProductSize> step_products(const lvm::cpu::Shape& shape, std::int64_t batch);

double flop(const std::vector<ProductSize>& products);

// Seconds that the products take, each the better of libtorch's mm and (bf16) the engine's own product on
// operands already in order; the best of `rounds` calls a size, after one that is not counted.
double product_seconds(const std::vector<ProductSize>& products, bool bf16, int rounds);

// Seconds of a pass over 30 bytes for each of `parameters` weights: 16 read, 14 written.
double optimizer_seconds(std::int64_t parameters, int rounds);

}  // namespace runner::bench
