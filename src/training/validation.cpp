#include "training/validation.h"

#include <algorithm>

#include "base/progress.h"
#include "base/status.h"
#include "models/unit_vectors.h"

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
                     bool normalize, torch::Device device, std::shared_ptr<ranks::Group> group)
    : samples_(std::move(samples)),
      ids_(std::move(ids)),
      normalize_(normalize),
      device_(device),
      group_(std::move(group)) {
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

void Validator::rank(const Group& group, const std::vector<torch::Tensor>& predictions,
                     std::vector<AlignmentSums>& sums) const {
  const auto found = article_rows_.find(group.article);
  if (found == article_rows_.end()) return;
  const std::vector<std::int64_t>& rows = found->second;
  const auto count = group.end - group.first, steps = samples_->context();
  const auto article_rows = static_cast<std::int64_t>(rows.size());
  torch::Tensor article = torch::empty({article_rows, samples_->width()});
  samples_->vectors()->gather(rows.data(), article_rows, article.data_ptr<float>());
  article = article.to(device_);
  // -1: a row of another article, where windows cross.
  const auto place = [&rows](std::int64_t row) -> std::int64_t {
    const auto at = std::lower_bound(rows.begin(), rows.end(), row);
    return at != rows.end() && *at == row ? at - rows.begin() : -1;
  };
  torch::Tensor targets = torch::empty({count}, torch::kInt64);
  torch::Tensor contexts = torch::empty({count, steps}, torch::kInt64);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t id = ids_[static_cast<std::size_t>(group.first + i)];
    targets.data_ptr<std::int64_t>()[i] = place(samples_->target_row(id));
    for (std::int64_t j = 0; j < steps; ++j)
      contexts.data_ptr<std::int64_t>()[i * steps + j] = place(samples_->context_row(id, j));
  }
  const torch::Tensor seen = seen_rows(contexts, targets, article_rows);
  for (std::size_t p = 0; p < predictions.size(); ++p)
    sums[p].add_ranks(predictions[p], article, targets, seen);
}

ValidationResult Validator::run(TrainingStep& step) const {
  const auto results = run(
      std::vector<Predict>{[&step](const torch::Tensor& contexts) { return step.predict(contexts).cos; }});
  step.end_predictions();
  return results[0];
}

void Validator::add_up_over_ranks(std::vector<ValidationResult>& results,
                                  std::vector<AlignmentSums>& sums) const {
  std::vector<double> values;
  for (std::size_t p = 0; p < results.size(); ++p) {
    const std::vector<double> more = sums[p].values();
    values.insert(values.end(), {results[p].loss, results[p].cosine});
    values.insert(values.end(), more.begin(), more.end());
  }
  group_->add_up(values);
  auto at = values.begin();
  for (std::size_t p = 0; p < results.size(); ++p) {
    results[p].loss = *at++;
    results[p].cosine = *at++;
    const auto end = at + static_cast<std::ptrdiff_t>(sums[p].values().size());
    sums[p].set_values({at, end}, samples_->context());
    at = end;
  }
}

std::vector<ValidationResult> Validator::run(const std::vector<Predict>& predictors) const {
  const torch::NoGradGuard no_grad;
  std::vector<ValidationResult> results(predictors.size());
  std::vector<AlignmentSums> sums(predictors.size());
  std::int64_t chunk = 0;
  Progress progress("validate", static_cast<std::int64_t>(ids_.size()), "windows");
  for (std::size_t g = 0; g < groups_.size();) {
    std::size_t end = g + 1;
    while (end < groups_.size() && groups_[end].end - groups_[g].first <= chunk_rows) ++end;
    const std::int64_t last = groups_[end - 1].end;
    for (std::int64_t first = groups_[g].first; first < last; first += 4 * chunk_rows) {
      if (group_ && chunk++ % group_->size() != group_->rank()) continue;
      // A single article of more rows than that is predicted in pieces; it is ranked piece by piece too.
      const std::int64_t stop = std::min(last, first + 4 * chunk_rows);
      const Batch batch = gather_batch(*samples_, ids_.data() + first, stop - first, normalize_, device_);
      std::vector<torch::Tensor> predicted;
      for (std::size_t p = 0; p < predictors.size(); ++p) {
        predicted.push_back(predictors[p](batch.contexts));
        const torch::Tensor& made = predicted.back();
        results[p].loss += sum_of((made - batch.targets).square().mean(1));
        results[p].cosine += sum_of((unit(made) * unit(batch.targets)).sum(1));
        sums[p].add(made, batch.contexts, batch.targets);
      }
      for (std::size_t i = g; i < end; ++i) {
        const Group part{groups_[i].article, std::max(first, groups_[i].first),
                         std::min(stop, groups_[i].end)};
        if (part.first >= part.end) continue;
        std::vector<torch::Tensor> of_part;
        for (const torch::Tensor& all : predicted)
          of_part.push_back(all.slice(0, part.first - first, part.end - first));
        rank(part, of_part, sums);
      }
      status::beat();
      progress.update(stop);
    }
    g = end;
  }
  if (group_) add_up_over_ranks(results, sums);
  const double rows = std::max<double>(1, static_cast<double>(ids_.size()));
  for (std::size_t p = 0; p < results.size(); ++p) {
    results[p].loss /= rows;
    results[p].cosine /= rows;
    results[p].alignment = sums[p].result();
  }
  return results;
}

Figures figures_of(const ValidationResult& r) {
  const AlignmentMetrics& a = r.alignment;
  return {r.loss,         r.cosine,       a.margin,    a.article.r_at_1, a.article.r_at_5,
          a.fresh.r_at_1, a.fresh.r_at_5, a.fresh.mrr, a.legacy_r5};
}

}  // namespace runner::lvm
