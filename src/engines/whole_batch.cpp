#include "engines/whole_batch.h"

#include <algorithm>
#include <cmath>

namespace runner::lvm {
namespace {

std::vector<torch::Tensor*> values_of(LossParts& loss) {
  std::vector<torch::Tensor*> values;
  for (const auto part : single_values)
    if ((loss.*part).defined()) values.push_back(&(loss.*part));
  for (auto& term : loss.optional_terms) values.push_back(&term.second);
  return values;
}

}  // namespace

WholeBatch whole_batch(const StepOptions& options, std::int64_t rows) {
  WholeBatch batch;
  batch.rows = rows;
  batch.share = options.group ? ranks::share_of(rows, options.group->rank(), options.group->size())
                              : ranks::Share{0, rows, rows};
  const std::int64_t end = batch.share.first + batch.share.count;
  const std::int64_t most = options.piece_rows > 0 ? options.piece_rows : batch.share.count;
  for (std::int64_t first = batch.share.first; first < end; first += most)
    batch.pieces.push_back({first, std::min(most, end - first)});
  return batch;
}

torch::Tensor predictions_of_all(const StepOptions& options, const WholeBatch& batch,
                                 const torch::Tensor& mine) {
  const torch::Tensor all = options.group ? options.group->gather_rows(mine, batch.share, batch.rows) : mine;
  return all.detach().requires_grad_(true);
}

double finish_exchange(ranks::Group& group, LossParts& loss) {
  std::vector<torch::Tensor*> values = values_of(loss);
  std::vector<double> figures;
  for (const torch::Tensor* value : values) figures.push_back(value->item<double>());
  const double squares = group.finish_sums(figures);
  for (std::size_t i = 0; i < values.size(); ++i)
    *values[i] = torch::tensor(static_cast<float>(figures[i]), torch::kFloat32);
  return std::sqrt(squares);
}

}  // namespace runner::lvm
