#pragma once
// The transformer trained on the CPU without autograd: hand-written forward and backward passes over one flat
// buffer of weights. The function is that of models/transformer.h; what differs is where time goes: few jobs
// for the threads, small computations fused between the products, no allocation in a step.
//
// Deterministic: a step gives the same bits every time, whatever the number of threads; with a BLAS, as far
// as the library does.

#include <cstdint>
#include <functional>
#include <vector>

#include "engines/cpu/flat_update.h"
#include "engines/cpu/network.h"

namespace runner::lvm::cpu {

class Engine final : public Network {
 public:
  // `blas`: what multiplies float32 in place of our own kernels. Throws UsageError when the sizes do not fit
  // together or the precision cannot do them.
  Engine(const Shape& shape, Precision precision, const Blas* blas = nullptr);

  // Flat buffers, beside parameters().
  float* gradients() {
    squares_known_ = false;  // they may be written
    return gradients_;
  }
  float* first_moments() { return first_moments_; }
  float* second_moments() { return second_moments_; }

  // contexts [batch, context, input] -> raw [batch, output], valid until the next call of the same kind. With
  // train, dropout is drawn from `key` and the contexts must stay until backward() is done. `first_row`: the
  // place of the first context in a batch of which this is a part: dropout is drawn as for the whole.
  const float* forward(const float* contexts, std::int64_t batch, bool train, DropoutKey key = {},
                       std::int64_t first_row = 0);

  // Gives back what forward() without train has taken, and with it what it returned.
  void release_evaluation();

  // From the gradient of raw [batch, output] of the last training forward: fills gradients(). `ready` is told
  // each range of them as soon as it is final, in the order of gradient_ranges(); the residual's weights are
  // the caller's.
  struct Range {
    std::int64_t first = 0, count = 0;
  };
  void backward(const float* grad_raw, const std::function<void(const Range&)>& ready = {});
  // The head, the layers from the last to the first, the input projection: all of gradients().
  std::vector<Range> gradient_ranges() const;

  // Norm of all gradients, without gradient_scale. After backward() it is known already.
  double gradient_norm() const;

  // Update number `step` (from 1): clips by the global norm and applies AdamW in one pass over the memory.
  // Returns the norm before clipping (gradient_scale applied); when it is not finite nothing is changed.
  double adamw_step(const UpdateOptions& options, std::int64_t step);

 private:
  enum Place : std::uint32_t { self_p, self_out, cross_p, cross_out, feedforward_in, feedforward_out };
  struct Pass {  // one forward pass, and its backward pass
    const float* contexts = nullptr;
    Index batch = 0;
    bool train = false;
    DropoutKey key;
    Workspace* w = nullptr;
    Index first_row = 0;
  };

  Dropout dropout(const Pass& pass, Index layer, Place place) const;
  bool is_last(Index layer) const { return layer + 1 == shape_.layers; }
  Index rows(const Pass& pass, Index layer) const {
    return is_last(layer) ? pass.batch : pass.batch * shape_.context;
  }
  AttentionShape attention(const Pass& pass, Index layer, Place place) const;
  Rows layer_input(const Pass& pass, Index layer) const;

  void forward_pass(const Pass& pass);
  void forward_input(const Pass& pass);
  void forward_self(const Pass& pass, Index layer);
  void forward_cross(const Pass& pass, Index layer);
  void run_attention(const AttentionForward& a, Index batch);

  void backward_head(const Pass& pass, const float* grad_raw);
  void backward_feedforward(const Pass& pass, Index layer, const float* dout);
  void backward_cross(const Pass& pass, Index layer);
  float* backward_self(const Pass& pass, Index layer);
  void run_norm_backward(Pass pass, NormBackward n, const NormAt& at, const NormState& state,
                         std::int64_t bias, Index rows);
  void run_attention_backward(const Pass& pass, const AttentionBackward& a, std::int64_t bias);
  void sum_columns(const Pass& pass, const float* y, Index columns, std::int64_t bias, Index rows);

  void make_update_tasks();

  float *gradients_ = nullptr, *first_moments_ = nullptr, *second_moments_ = nullptr;
  std::vector<WeightRows> update_tasks_;  // a vector has no columns
  bool squares_known_ = false;            // products_ holds the squares of the matrices' gradients
  Workspace training_, evaluation_;
  Pass last_;                    // the training forward that backward() belongs to
  std::vector<float> eval_raw_;  // of batches larger than one evaluation chunk
};

}  // namespace runner::lvm::cpu
