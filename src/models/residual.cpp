#include "models/residual.h"

#include "base/error.h"

namespace runner::lvm {

Residual::Residual(ResidualKind kind, std::int64_t context) : kind_(kind) {
  if (kind_ != ResidualKind::learned) return;
  if (context < 1)
    throw UsageError("learned has a weight for each vector of a context, whose number is not known",
                     "model.residual");
  weights = register_parameter("weights", torch::zeros({context}));
}

torch::Tensor Residual::shares(std::int64_t steps) const {
  if (kind_ == ResidualKind::last) return (torch::arange(steps) == steps - 1).to(torch::kFloat32);
  if (kind_ == ResidualKind::mean) return torch::full({steps}, 1.0 / static_cast<double>(steps));
  if (weights.size(0) != steps)
    throw UsageError("contexts of " + std::to_string(steps) +
                         " vectors; the model's residual has learnt weights for " +
                         std::to_string(weights.size(0)),
                     "data.context");
  return torch::softmax(weights, 0);
}

torch::Tensor Residual::base(const torch::Tensor& contexts) const {
  const std::int64_t steps = contexts.size(1);
  if (kind_ == ResidualKind::last) return contexts.select(1, steps - 1);
  if (kind_ == ResidualKind::mean) return contexts.mean(1);
  return (contexts * shares(steps).view({1, steps, 1})).sum(1);
}

}  // namespace runner::lvm
