#pragma once
// The products of a linear layer, forward and backward, in the precision chosen.

#include <cstdint>
#include <memory>
#include <vector>

#include "engines/cpu/blas/library.h"
#include "engines/cpu/kernels.h"
#include "engines/cpu/layout.h"
#include "engines/cpu/shape.h"

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

// Rows of a weight that are updated at a time: [first, first + count) of the matrix at `matrix`. `first` is a
// multiple of update_rows, `count` too but at the end.
constexpr std::int64_t update_rows = 16;
struct WeightRows {
  std::int64_t matrix = 0, first = 0, count = 0, columns = 0;
  std::int64_t offset() const { return matrix + first * columns; }
};

class Products {
 public:
  virtual ~Products() = default;

  // The weights have new values: whatever is derived from them is made anew.
  virtual void weights_changed() = 0;
  // AdamW on these rows and what is derived from them, a tile of a job. m, v: the moments, flat buffers.
  virtual void update(const Adamw& a, const WeightRows& rows, float* m, float* v) = 0;

  // A backward pass begins; square_sum() then adds up the squares of all dw since, in a fixed order.
  void begin_backward() { squares_.clear(); }
  double square_sum() const;

  // y [rows, out] = x [rows, in] · wᵀ, without the bias.
  virtual void forward(const LinearAt& w, const Rows& x, const Output& y) = 0;

  // dx [rows, in] = dy [rows, out] · w, unless dx.data is null; dw [out, in] = dyᵀ · x, into the gradients.
  virtual void backward(const LinearAt& w, const Rows& dy, const Rows& x, const Output& dx) = 0;

 protected:
  // Room for `count` partial sums of squares.
  double* add_squares(std::int64_t count);

 private:
  std::vector<double> squares_;
};

// `parameters` and `gradients`: the flat buffers of `layout`; they must outlive the result. Without gradients
// (null) only forward() may be called. With a `blas` float32 products are its own; it is not asked for
// others.
std::unique_ptr<Products> make_products(Precision precision, const Layout& layout, float* parameters,
                                        float* gradients, const Blas* blas = nullptr);

}  // namespace runner::lvm::cpu
