#pragma once
// Linear layers with bfloat16 products.

#include <memory>

#include "engines/cpu/layout.h"
#include "engines/cpu/products.h"

namespace runner::lvm::cpu {

// As make_products with Precision::bf16. Throws UsageError for a d_model that is no multiple of 32.
std::unique_ptr<Products> make_bf16_products(const Layout& layout, float* parameters, float* gradients);

}  // namespace runner::lvm::cpu
