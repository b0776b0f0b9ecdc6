#pragma once
// Where each parameter lies in the engine's flat buffers.

#include <cstdint>
#include <string>
#include <vector>

#include "engines/cpu/shape.h"

namespace runner::lvm::cpu {

// A tensor of the model by PyTorch's name: its values from `offset` on. The tensors lie one after the other,
// without gaps.
struct Parameter {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t columns = 0;  // 0: a vector of `rows` values
  std::int64_t offset = 0;
  std::int64_t size() const { return columns == 0 ? rows : rows * columns; }
};

// A linear layer y = x·wᵀ + b: w [out, in] at `weight`, b [out] at `bias`.
struct LinearAt {
  std::int64_t weight = 0, bias = 0;
  std::int64_t out = 0, in = 0;
  // The layer that computes only outputs [first, first + count).
  LinearAt slice(std::int64_t first, std::int64_t count) const {
    return {weight + first * in, bias + first, count, in};
  }
};

struct NormAt {
  std::int64_t weight = 0, bias = 0;
};

struct LayerAt {
  LinearAt self_in, self_out, cross_in, cross_out;  // *_in: queries, keys and values stacked, [3d, d]
  LinearAt linear1, linear2;
  NormAt norm1, norm2, norm3;
};

struct Layout {
  std::vector<Parameter> parameters;  // in the order of PyTorch's named_parameters()
  LinearAt input;
  std::vector<LayerAt> layers;
  LinearAt head0, head3;
  NormAt head2;
  std::int64_t residual = 0;  // the residual's weights, where there are any: trained, but read by the caller
  std::int64_t total = 0;     // floats of a flat buffer
};

Layout make_layout(const Shape& shape);

}  // namespace runner::lvm::cpu
