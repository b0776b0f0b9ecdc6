#pragma once
// Linear layers with float32 products of a BLAS.

#include <memory>

#include "engines/cpu/blas/library.h"
#include "engines/cpu/products.h"

namespace runner::lvm::cpu {

// As make_fp32_products. `blas` must outlive the result.
std::unique_ptr<Products> make_blas_products(const Blas& blas, float* parameters, float* gradients);

}  // namespace runner::lvm::cpu
