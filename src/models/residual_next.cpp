#include "models/residual_next.h"

#include "models/unit_vectors.h"

namespace runner::lvm {

ResidualNext::ResidualNext(std::shared_ptr<Model> base) : Model(base->sizes()) {
  alpha_ = register_parameter("alpha", torch::tensor(0.5, torch::kFloat32));
  base_ = register_module("base", std::move(base));
}

Prediction ResidualNext::forward(const torch::Tensor& contexts) {
  const auto last = contexts.select(1, contexts.size(1) - 1);
  const auto raw = unit(last) + alpha_ * base_->forward(contexts).cos;
  return {raw, unit(raw)};
}

void ResidualNext::set_compute(const Compute& compute) {
  Model::set_compute(compute);
  base_->set_compute(compute);
}

void ResidualNext::set_epoch(std::int64_t epoch0) {
  Model::set_epoch(epoch0);
  base_->set_epoch(epoch0);
}

}  // namespace runner::lvm
