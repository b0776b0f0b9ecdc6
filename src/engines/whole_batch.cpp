#include "engines/whole_batch.h"

#include <algorithm>
#include <cmath>

#include "models/dropout.h"

namespace runner::lvm {

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

LossParts whole_gradients(const StepOptions& options, const StepInput& input, const WholePass& pass) {
  const WholeBatch batch = whole_batch(options, input.contexts.size(0));
  const bool once = batch.pieces.size() == 1;
  const auto forward = [&](const WholeBatch::Piece& p) {
    const PartOfBatch part(p.first, batch.rows, pass.key);
    pass.before_forward();
    return pass.model.forward(input.contexts.narrow(0, p.first, p.count)).raw;
  };
  std::vector<torch::Tensor> parts;
  {
    const torch::AutoGradMode remember(once);
    for (const WholeBatch::Piece& p : batch.pieces) parts.push_back(forward(p));
  }
  if (batch.pieces.empty())
    parts.push_back(torch::empty({0, input.targets.size(1)}, input.targets.options()));
  const torch::Tensor mine = parts.size() == 1 ? parts[0].detach() : torch::cat(parts);
  const torch::Tensor raw = predictions_of_all(options, batch, mine);
  LossParts loss = compute_loss(options.loss, normalised(raw), input.contexts, input.targets, input.epoch0,
                                input.directional_scale);
  loss.total.backward();
  loss.total = loss.total.detach();
  pass.gradients.zero_();
  for (std::size_t i = 0; i < batch.pieces.size(); ++i) {
    const WholeBatch::Piece& p = batch.pieces[i];
    const torch::Tensor own = once ? parts[0] : forward(p);
    if (pass.buckets != nullptr && i + 1 == batch.pieces.size()) pass.buckets->arm();
    own.backward(raw.grad().narrow(0, p.first, p.count));
  }
  if (pass.buckets != nullptr) pass.buckets->finish();
  return loss;
}

std::unique_ptr<GradientBuckets> summed_buckets(const StepOptions& options, const Model& model,
                                                const torch::Tensor& gradients) {
  if (!options.group) return nullptr;
  GradientBuckets::Sizes sizes;
  sizes.multiple *= options.group->size();  // each rank's part of a bucket begins at a multiple of 128 bytes
  return std::make_unique<GradientBuckets>(
      model.parameters(), gradients, sizes,
      [group = options.group](const torch::Tensor& bucket) { group->start_sum(bucket); });
}

double finish_exchange(ranks::Group& group, LossParts& loss) {
  std::vector<torch::Tensor*> values = loss.values();
  std::vector<double> figures;
  for (const torch::Tensor* value : values) figures.push_back(value->item<double>());
  const double squares = group.finish_sums(figures);
  for (std::size_t i = 0; i < values.size(); ++i)
    *values[i] = torch::tensor(static_cast<float>(figures[i]), torch::kFloat32);
  return std::sqrt(squares);
}

}  // namespace runner::lvm
