#pragma once
// residual_next: the prediction as a step from the last context vector.

#include <memory>

#include "models/model.h"

namespace runner::lvm {

// raw = unit(last) + alpha * base_cos. State-dict names: "alpha" (starts at 0.5), "base.*".
class ResidualNext final : public Model {
 public:
  explicit ResidualNext(std::shared_ptr<Model> base);
  Prediction forward(const torch::Tensor& contexts) override;
  void set_compute(const Compute& compute) override;
  void set_epoch(std::int64_t epoch0) override;

 private:
  torch::Tensor alpha_;
  std::shared_ptr<Model> base_;
};

}  // namespace runner::lvm
