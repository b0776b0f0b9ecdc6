#pragma once
// The products of a linear layer, forward and backward, in the precision chosen.

#include <cstdint>
#include <memory>

#include "lvm/cpu/layout.h"
#include "lvm/cpu/shape.h"

namespace runner::lvm::cpu {

// A row-major matrix of float32; `ld` floats from one row to the next.
struct Rows {
  const float* data = nullptr;
  std::int64_t ld = 0;
  std::int64_t count = 0;
};
struct Output {
  float* data = nullptr;
  std::int64_t ld = 0;
  bool accumulate = false;
};

class Products {
 public:
  virtual ~Products() = default;

  // The weights have new values: whatever is derived from them is made anew.
  virtual void weights_changed() = 0;

  // y [rows, out] = x [rows, in] · wᵀ, without the bias.
  virtual void forward(const LinearAt& w, const Rows& x, const Output& y) = 0;

  // dx [rows, in] = dy [rows, out] · w, unless dx.data is null; dw [out, in] = dyᵀ · x, into the gradients.
  virtual void backward(const LinearAt& w, const Rows& dy, const Rows& x, const Output& dx) = 0;
};

std::unique_ptr<Products> make_bf16_products(const Layout& layout, const float* parameters, float* gradients);

// `parameters` and `gradients`: the flat buffers of `layout`; they must outlive the result.
std::unique_ptr<Products> make_products(Precision precision, const Layout& layout, float* parameters,
                                        float* gradients);

}  // namespace runner::lvm::cpu
