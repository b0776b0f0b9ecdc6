#pragma once
// What a model adds its output to: the last context vector, the mean of the context, or a mean with learnt
// weights. The model's last layer starts at zero, so that training starts at that baseline's figures.

#include <torch/torch.h>

#include <cstdint>

#include "models/model_options.h"

namespace runner::lvm {

// raw = base(contexts) + output. State-dict name, of `learned` alone: "residual.weights" [T], whose softmax
// are the shares; they start at 0, which is the mean.
class Residual final : public torch::nn::Module {
 public:
  // kind: not none. context: T, which only `learned` is bound to. Throws UsageError when learned
  // has none.
  Residual(ResidualKind kind, std::int64_t context);

  // What each of `steps` context vectors counts, [steps], of sum 1; differentiable. Throws UsageError when
  // the learnt weights are for another number of vectors.
  torch::Tensor shares(std::int64_t steps) const;
  // contexts [B, T, D] as they are in the file -> [B, D].
  torch::Tensor base(const torch::Tensor& contexts) const;

  torch::Tensor weights;  // undefined unless learned

 private:
  ResidualKind kind_;
};

}  // namespace runner::lvm
