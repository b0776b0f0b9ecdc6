#include "models/unit_vectors.h"

namespace runner::lvm {

torch::Tensor unit(const torch::Tensor& x, double floor) {
  return x / x.norm(2, -1, true).clamp_min(floor);
}

torch::Tensor row_cosine(const torch::Tensor& a, const torch::Tensor& b) {
  return (unit(a) * unit(b)).sum(-1);
}

}  // namespace runner::lvm
