#pragma once
// Activations of a forward pass and gradients of a backward pass, for one batch size.

#include <vector>

#include "engines/cpu/kernels.h"
#include "engines/cpu/memory.h"
#include "engines/cpu/partial_sums.h"
#include "engines/cpu/shape.h"

namespace runner::lvm::cpu {

// M = batch * context rows. In the last layer everything but keys and values has only `batch` rows: the last
// positions'.
struct NormState {
  float *sum = nullptr, *mean = nullptr, *rstd = nullptr;
};

struct LayerState {
  float* self_qkv = nullptr;  // [M, 3d]; last layer: keys and values [M, 2d]
  float* self_q = nullptr;    // last layer only: [B, d]
  float *self_p = nullptr, *self_context = nullptr;
  NormState norm1;
  float *x1 = nullptr, *cross_q = nullptr, *cross_kv = nullptr;
  float *cross_p = nullptr, *cross_context = nullptr;
  NormState norm2;
  float *x2 = nullptr, *hidden = nullptr;
  NormState norm3;
  float* x3 = nullptr;
};

// The head's: z before the activation, the activation in norm.sum, y after the norm; [B, d].
struct HeadState {
  float* z = nullptr;
  NormState norm;
  float* y = nullptr;
};

struct Gradients {
  float *dx = nullptr, *dx1 = nullptr, *dx2 = nullptr, *dmemory = nullptr, *dbranch = nullptr;  // [M, d]
  float *dhead = nullptr, *dhead_norm = nullptr;                                                // [B, d]
  float *dhidden = nullptr, *dcontext = nullptr;
  float *dself_qkv = nullptr, *dself_q = nullptr, *dcross_q = nullptr, *dcross_kv = nullptr;
  PartialSums sums;
};

class Workspace {
 public:
  // Makes room for `batch` items; keeps what it has when that is enough. With training every layer keeps its
  // activations; without, all but the last share theirs, and there are no gradients.
  void reserve(const Shape& shape, Index batch, bool training);

  std::vector<LayerState> layers;
  float* memory = nullptr;  // [M, d]: the projected sequence, input of the first layer
  HeadState head;
  float* raw = nullptr;  // [B, output]
  Gradients g;

 private:
  void place(Places& places, const Shape& shape, Index batch, bool training);
  Memory memory_;
  Index batch_ = 0;
};

}  // namespace runner::lvm::cpu
