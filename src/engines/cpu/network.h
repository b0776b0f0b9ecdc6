#pragma once
// The weights, and the parts of a forward pass that look at each row by itself: what training and inference
// over shared beginnings have in common.

#include <cstdint>
#include <memory>
#include <vector>

#include "engines/cpu/kernels.h"
#include "engines/cpu/layout.h"
#include "engines/cpu/memory.h"
#include "engines/cpu/products.h"
#include "engines/cpu/shape.h"
#include "engines/cpu/workspace.h"

namespace runner::lvm::cpu {

class Network {
 public:
  virtual ~Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  const Shape& shape() const { return shape_; }
  const Layout& layout() const { return layout_; }

  // [layout().total]; after writing weights or positions call weights_changed().
  float* parameters() { return parameters_; }
  // Position table [context, d_model]; PyTorch's sinusoids from the start.
  float* positions() { return positions_.data(); }
  virtual void weights_changed() { products_->weights_changed(); }

 protected:
  // Takes memory for `buffers` flat buffers of layout().total floats: the weights, then, with more than one,
  // the gradients. Throws UsageError when the sizes do not fit together or the precision cannot do them.
  Network(const Shape& shape, Precision precision, int buffers, const Blas* blas = nullptr);

  float* buffer(int i) const { return static_cast<float*>(flat_.data()) + i * layout_.total; }
  const float* at(std::int64_t offset) const { return parameters_ + offset; }

  // Rows that a branch is added to, at a distance of ld.
  struct Residual {
    const float* data;
    Index ld;
  };
  // out = layer norm of residual + dropout(x · wᵀ + bias); [x.count, d_model]. state.sum gets the sum.
  void add_and_norm(const Residual& residual, const LinearAt& w, const Rows& x, const Dropout& dropout,
                    const NormAt& where, const NormState& state, float* out);
  // From s.x2 to s.x3, `rows` of them.
  void feedforward(const LayerAt& p, const LayerState& s, Index rows, const Dropout& inner,
                   const Dropout& outer);
  // From the last layer's output [rows, d_model] to raw [rows, output].
  void head(const float* x, const HeadState& s, Index rows, float* raw);

  Shape shape_;
  Layout layout_;
  Memory flat_;
  float* parameters_ = nullptr;
  std::vector<float> positions_;
  std::unique_ptr<Products> products_;
  const Kernels* k_;

 private:
  NormForward norm(const NormAt& where, const NormState& state, float* out) const;
};

}  // namespace runner::lvm::cpu
