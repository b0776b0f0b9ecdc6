#include "models/dropout.h"

namespace runner::lvm {
namespace {

thread_local std::int64_t part_first = 0, part_rows = 0;  // no rows: the whole batch

}  // namespace

PartOfBatch::PartOfBatch(std::int64_t first, std::int64_t rows) {
  part_first = first;
  part_rows = rows;
}

PartOfBatch::~PartOfBatch() {
  part_first = part_rows = 0;
}

std::int64_t first_row_of_part() {
  return part_first;
}

torch::Tensor drop_out(const torch::Tensor& x, double probability, bool training) {
  if (part_rows == 0 || !training || probability == 0) return torch::dropout(x, probability, training);
  auto shape = x.sizes().vec();
  shape[0] = part_rows;
  // What torch::dropout draws for the whole.
  const torch::Tensor kept =
      torch::empty(shape, x.options().requires_grad(false)).bernoulli_(1 - probability);
  return x * kept.narrow(0, part_first, x.size(0)).div(1 - probability);
}

}  // namespace runner::lvm
