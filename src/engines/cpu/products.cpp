#include "engines/cpu/products.h"

#include "engines/cpu/bf16/products.h"
#include "engines/cpu/blas/products.h"
#include "engines/cpu/fp32/products.h"

namespace runner::lvm::cpu {

double* Products::add_squares(std::int64_t count) {
  squares_.resize(squares_.size() + static_cast<std::size_t>(count));
  return squares_.data() + squares_.size() - count;
}

double Products::square_sum() const {
  double total = 0;
  for (const double s : squares_) total += s;
  return total;
}

std::unique_ptr<Products> make_products(Precision precision, const Layout& layout, float* parameters,
                                        float* gradients, const Blas* blas) {
  if (precision == Precision::bf16) return make_bf16_products(layout, parameters, gradients);
  if (blas) return make_blas_products(*blas, parameters, gradients);
  return make_fp32_products(parameters, gradients);
}

}  // namespace runner::lvm::cpu
