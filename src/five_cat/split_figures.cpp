#include "five_cat/split_figures.h"

#include <algorithm>

namespace runner::lvm::five_cat {
namespace {

constexpr double same_vector = 1 - 1e-5;  // cosine of a vector with itself, were it stored in 16 bits once

// Which rows of the article the contexts hold, [R, N]: by number where the source has rows, else by content.
torch::Tensor seen_in(const Articles& articles, const data::SampleSource& source, const Block& block,
                      const Article& article, const std::vector<std::int64_t>& members,
                      const torch::Tensor& places) {
  const std::int64_t steps = source.context();
  const data::Vectors* rows = source.vectors();
  if (rows == nullptr) {
    const auto contexts = block.contexts.index_select(0, torch::tensor(members, torch::kInt64));
    const auto same = torch::matmul(contexts, articles.vectors(article).t()) > same_vector;  // [R, T, N]
    return same.any(1).scatter(1, places.unsqueeze(1), false);
  }
  auto context_places = torch::full({static_cast<std::int64_t>(members.size()), steps}, -1, torch::kInt64);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::int64_t id = block.rows[static_cast<std::size_t>(members[i])].id;
    for (std::int64_t j = 0; j < steps; ++j) {
      const auto row = static_cast<std::size_t>(source.context_row(id, j));
      if (rows->articles()[row] != source.article(id)) continue;
      if (const auto place = articles.place(article, rows->chunks()[row]))
        context_places.data_ptr<std::int64_t>()[static_cast<std::int64_t>(i) * steps + j] = *place;
    }
  }
  return seen_rows(context_places, places, article.count);
}

}  // namespace

FigureSums::FigureSums(const std::vector<Baseline>& baselines)
    : baselines_(baselines), sums_(1 + baselines.size()) {}

void FigureSums::Sums::add(const torch::Tensor& predictions, const torch::Tensor& contexts,
                           const torch::Tensor& targets) {
  loss += (predictions - targets).square().mean(1).sum(torch::kFloat64).item<double>();
  cosine += (predictions * targets).sum(1).sum(torch::kFloat64).item<double>();
  alignment.add(predictions, contexts, targets);
}

ValidationResult FigureSums::Sums::result() const {
  ValidationResult r;
  r.alignment = alignment.result();
  const auto rows = static_cast<double>(std::max<std::int64_t>(1, r.alignment.rows));
  r.loss = loss / rows;
  r.cosine = cosine / rows;
  return r;
}

void FigureSums::add(const Articles& articles, const data::SampleSource& source, const Block& block) {
  const auto members = block.members(&Row::c);
  const auto contexts = block.contexts.index_select(0, members);
  const auto targets = block.targets.index_select(0, members);
  std::vector<torch::Tensor> predictions{block.predictions};
  for (const Baseline& baseline : baselines_) predictions.push_back(baseline.predict(block.contexts));
  for (std::size_t p = 0; p < sums_.size(); ++p)
    sums_[p].add(predictions[p].index_select(0, members), contexts, targets);

  for (const auto& [article, rows] : block.members_by_article(&Row::c)) {
    std::vector<std::int64_t> numbers;
    for (const auto i : rows) numbers.push_back(block.rows[static_cast<std::size_t>(i)].place);
    const auto places = torch::tensor(numbers, torch::kInt64), index = torch::tensor(rows, torch::kInt64);
    const auto seen = seen_in(articles, source, block, *article, rows, places);
    for (std::size_t p = 0; p < sums_.size(); ++p)
      sums_[p].alignment.add_ranks(predictions[p].index_select(0, index), articles.vectors(*article), places,
                                   seen);
  }
}

std::vector<double> FigureSums::values() const {
  std::vector<double> values;
  for (const Sums& sums : sums_) {
    const std::vector<double> more = sums.alignment.values();
    values.insert(values.end(), {sums.loss, sums.cosine});
    values.insert(values.end(), more.begin(), more.end());
  }
  return values;
}

void FigureSums::set_values(const std::vector<double>& values, std::int64_t context) {
  auto at = values.begin();
  for (Sums& sums : sums_) {
    sums.loss = *at++;
    sums.cosine = *at++;
    const auto end = at + static_cast<std::ptrdiff_t>(sums.alignment.values().size());
    sums.alignment.set_values({at, end}, context);
    at = end;
  }
}

void FigureSums::write(SplitReport& out) const {
  std::vector<ValidationResult> results;
  for (std::size_t p = 1; p < sums_.size(); ++p) results.push_back(sums_[p].result());
  const BaselineFigures baselines = baseline_figures(baselines_, results);
  out.model = figures_of(sums_[0].result());
  out.gain = baselines.gain(out.model.val_cosine);
  out.best_baseline = baselines.best;
  for (const auto& [name, figures] : baselines.figures) out.baselines.emplace_back(name, figures);
  if (find_named(baselines.figures, "weighted_mean") == nullptr)
    out.baselines.emplace_back("weighted_mean", std::nullopt);
  out.chance = baselines.chance;
}

}  // namespace runner::lvm::five_cat
