#include "lvm/training/validation.h"

#include <algorithm>

#include "base/status.h"
#include "lvm/unit.h"

namespace runner::lvm {
namespace {

constexpr std::int64_t chunk_rows = 256;  // predicted at once; whole articles, so it may be more

}  // namespace

Batch gather_batch(const data::SampleSource& samples, const std::int64_t* ids, std::int64_t count,
                   bool normalize, const torch::Device& device) {
  Batch batch{torch::empty({count, samples.context(), samples.width()}),
              torch::empty({count, samples.width()})};
  samples.gather(ids, count, batch.contexts.data_ptr<float>(), batch.targets.data_ptr<float>());
  if (normalize) {
    batch.contexts = unit(batch.contexts);
    batch.targets = unit(batch.targets);
  }
  if (!device.is_cpu()) {
    batch.contexts = batch.contexts.to(device);
    batch.targets = batch.targets.to(device);
  }
  return batch;
}

Validator::Validator(std::shared_ptr<const data::SampleSource> samples, std::vector<std::int64_t> ids,
                     bool normalize, torch::Device device)
    : samples_(std::move(samples)), ids_(std::move(ids)), normalize_(normalize), device_(device) {
  if (!samples_->has_articles()) {
    groups_.push_back({-1, 0, static_cast<std::int64_t>(ids_.size())});
    return;
  }
  std::stable_sort(ids_.begin(), ids_.end(), [this](std::int64_t a, std::int64_t b) {
    return samples_->article(a) < samples_->article(b);
  });
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    const std::int64_t article = samples_->article(ids_[i]), at = static_cast<std::int64_t>(i);
    if (groups_.empty() || groups_.back().article != article) groups_.push_back({article, at, at});
    groups_.back().end = at + 1;
  }
  const data::Vectors* vectors = samples_->vectors();
  if (vectors == nullptr || !vectors->has_articles()) return;
  for (const Group& group : groups_) article_rows_[group.article];
  for (std::int64_t row = 0; row < vectors->rows(); ++row) {
    const auto found = article_rows_.find(vectors->articles()[static_cast<std::size_t>(row)]);
    if (found != article_rows_.end()) found->second.push_back(row);
  }
}

void Validator::rank(const Group& group, const torch::Tensor& predictions, AlignmentSums& sums) const {
  const auto found = article_rows_.find(group.article);
  if (found == article_rows_.end()) return;
  const std::vector<std::int64_t>& rows = found->second;
  torch::Tensor article = torch::empty({static_cast<std::int64_t>(rows.size()), samples_->width()});
  samples_->vectors()->gather(rows.data(), article.size(0), article.data_ptr<float>());
  torch::Tensor targets = torch::empty({group.end - group.first}, torch::kInt64);
  for (std::int64_t i = group.first; i < group.end; ++i) {
    const std::int64_t row = samples_->target_row(ids_[static_cast<std::size_t>(i)]);
    targets[i - group.first] = std::lower_bound(rows.begin(), rows.end(), row) - rows.begin();
  }
  sums.add_ranks(predictions, article.to(device_), targets);
}

ValidationResult Validator::run(TrainingStep& step) const {
  const torch::NoGradGuard no_grad;
  ValidationResult result;
  AlignmentSums sums;
  double loss = 0, cosine = 0;
  for (std::size_t g = 0; g < groups_.size();) {
    std::size_t end = g + 1;
    while (end < groups_.size() && groups_[end].end - groups_[g].first <= chunk_rows) ++end;
    const std::int64_t last = groups_[end - 1].end;
    for (std::int64_t first = groups_[g].first; first < last; first += 4 * chunk_rows) {
      // A single article of more rows than that is predicted in pieces; it is ranked piece by piece too.
      const std::int64_t stop = std::min(last, first + 4 * chunk_rows);
      const Batch batch = gather_batch(*samples_, ids_.data() + first, stop - first, normalize_, device_);
      const torch::Tensor predicted = step.predict(batch.contexts).cos;
      loss += (predicted - batch.targets).square().mean(1).sum(torch::kFloat64).item<double>();
      cosine += (unit(predicted) * unit(batch.targets)).sum(1).sum(torch::kFloat64).item<double>();
      sums.add(predicted, batch.contexts, batch.targets);
      for (std::size_t i = g; i < end; ++i) {
        const Group part{groups_[i].article, std::max(first, groups_[i].first),
                         std::min(stop, groups_[i].end)};
        if (part.first < part.end) rank(part, predicted.slice(0, part.first - first, part.end - first), sums);
      }
      status::beat();
    }
    g = end;
  }
  step.end_predictions();
  const double rows = std::max<double>(1, static_cast<double>(ids_.size()));
  result.loss = loss / rows;
  result.cosine = cosine / rows;
  result.alignment = sums.result();
  return result;
}

}  // namespace runner::lvm
