#include "models/dropout.h"

namespace runner::lvm {
namespace {

struct Part {
  std::int64_t first = 0, rows = 0;  // no rows: the whole batch
  torch::Tensor key;
  std::int64_t places = 0;  // passed so far
};
thread_local Part part;

}  // namespace

PartOfBatch::PartOfBatch(std::int64_t first, std::int64_t rows, torch::Tensor key) {
  part = {first, rows, std::move(key), 0};
}

PartOfBatch::~PartOfBatch() {
  part = {};
}

cuda::DropoutPlace next_dropout(double probability, bool training) {
  return {training ? probability : 0, part.key, part.places++, part.first};
}

torch::Tensor drop_out(const torch::Tensor& x, double probability, bool training) {
  if (!training || probability == 0) return x;
  if (const auto fused = cuda::drop_out(x, false, next_dropout(probability, training))) return *fused;
  if (part.rows == 0) return torch::dropout(x, probability, training);
  auto shape = x.sizes().vec();
  shape[0] = part.rows;
  // What torch::dropout draws for the whole.
  const torch::Tensor kept =
      torch::empty(shape, x.options().requires_grad(false)).bernoulli_(1 - probability);
  return x * kept.narrow(0, part.first, x.size(0)).div(1 - probability);
}

torch::Tensor relu_drop_out(const torch::Tensor& x, double probability, bool training) {
  if (const auto fused = cuda::drop_out(x, true, next_dropout(probability, training))) return *fused;
  return drop_out(torch::relu(x), probability, training);
}

}  // namespace runner::lvm
