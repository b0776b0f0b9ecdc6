#include "models/positional_scalar.h"

namespace runner::lvm {

torch::Tensor append_positional_scalar(const torch::Tensor& contexts, double s) {
  const auto batch = contexts.size(0), steps = contexts.size(1);
  const auto places = (torch::linspace(0, 1, steps, contexts.options()) * s).view({1, steps, 1});
  return torch::cat({contexts, places.expand({batch, steps, 1})}, 2);
}

}  // namespace runner::lvm
