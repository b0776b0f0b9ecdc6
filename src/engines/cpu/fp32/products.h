#pragma once
// Linear layers with float32 products of our own.

#include <memory>

#include "engines/cpu/products.h"

namespace runner::lvm::cpu {

// As make_products with Precision::fp32; a layout is not needed.
std::unique_ptr<Products> make_fp32_products(float* parameters, float* gradients);

}  // namespace runner::lvm::cpu
