#include "five_cat/five_tests.h"

#include <algorithm>

#include "training/alignment.h"

namespace runner::lvm::five_cat {

namespace {

torch::Tensor row_dot(const torch::Tensor& a, const torch::Tensor& b) {
  return (a * b).sum(-1);
}

// Rows of the articles' table at place + k of each member's target.
torch::Tensor truth(const Articles& articles, const Block& block, const torch::Tensor& members,
                    std::int64_t k) {
  auto numbers = torch::empty_like(members);
  for (std::int64_t i = 0; i < members.size(0); ++i) {
    const Row& row = block.rows[static_cast<std::size_t>(members.data_ptr<std::int64_t>()[i])];
    numbers.data_ptr<std::int64_t>()[i] = row.article->first + row.place + k;
  }
  return articles.table.index_select(0, numbers);
}

}  // namespace

void Mean::add(const torch::Tensor& values) {
  sum += values.sum(torch::kFloat64).item<double>();
  count += values.numel();
}

void Offsets::add(const Articles& articles, const Block& block) {
  const auto members = block.members(&Row::a);
  const auto predictions = block.predictions.index_select(0, members);
  for (std::int64_t k = -3; k <= 3; ++k)
    cosine[static_cast<std::size_t>(k + 3)].add(row_dot(predictions, truth(articles, block, members, k)));
}

void Offsets::write(NamedList<TestFigure>& out, bool legacy) const {
  const std::size_t true_offset = legacy ? 4 : 3;
  double best_other = -2;
  for (std::size_t i = 0; i < cosine.size(); ++i) {
    out.emplace_back("A:k=" + std::to_string(static_cast<int>(i) - 3), cosine[i].value());
    if (i != true_offset) best_other = std::max(best_other, cosine[i].mean());
  }
  out.emplace_back("A:margin", cosine[true_offset].mean() - best_other);
  out.emplace_back("A:samples", cosine[0].count);
}

void Retrieval::add(const Articles& articles, const Block& block) {
  for (const auto& [article, members] : block.members_by_article(&Row::b)) {
    std::vector<std::int64_t> places;
    for (const auto i : members) places.push_back(block.rows[static_cast<std::size_t>(i)].place);
    const auto predictions = block.predictions.index_select(0, torch::tensor(members, torch::kInt64));
    const auto ranks =
        ranks_within(predictions, articles.vectors(*article), torch::tensor(places, torch::kInt64));
    first.add((ranks <= 1).to(torch::kFloat64));
    five.add((ranks <= 5).to(torch::kFloat64));
    reciprocal.add(1.0 / ranks.to(torch::kFloat64));
  }
}

void Retrieval::write(NamedList<TestFigure>& out) const {
  out.emplace_back("B:R@1", first.value());
  out.emplace_back("B:R@5", five.value());
  out.emplace_back("B:MRR", reciprocal.value());
  out.emplace_back("B:samples", first.count);
}

void Rollout::add(Predictor& predictor, const Articles& articles, const Block& block, bool legacy) {
  const auto members = block.members(&Row::d);
  if (members.size(0) == 0) return;
  auto sequences = block.sequences.index_select(0, members);
  auto predictions = block.predictions.index_select(0, members);
  const auto length = sequences.size(1);
  for (std::size_t step = 0; step < by_step.size(); ++step) {
    if (step > 0) {
      const auto fed_back = predictor.add_items(predictions).unsqueeze(1);
      sequences = torch::cat({sequences.narrow(1, 1, length - 1), fed_back}, 1);
      predictions = predictor.predict(sequences);
    }
    const auto k = static_cast<std::int64_t>(step) + (legacy ? 1 : 0);
    by_step[step].add(row_dot(predictions, truth(articles, block, members, k)));
  }
}

void Rollout::write(NamedList<TestFigure>& out, std::int64_t target_offset) const {
  Mean all;
  for (const Mean& step : by_step) all.sum += step.sum, all.count += step.count;
  out.emplace_back("D:avg_cos@H=" + std::to_string(by_step.size()), all.value());
  if (target_offset > 1 && by_step.size() > 1) out.emplace_back("D:avg_cos@H=1", by_step.front().value());
  out.emplace_back("D:samples", by_step.front().count);
}

void Coherence::add(const Block& block) {
  const auto members = block.members(&Row::e);
  const auto contexts = block.contexts.index_select(0, members);
  const auto length = contexts.size(1);
  if (length < 2) return;
  const auto adjacent = row_dot(contexts.narrow(1, 0, length - 1), contexts.narrow(1, 1, length - 1)).mean(1);
  const auto cosine = row_dot(block.predictions, block.targets).index_select(0, members);
  low.add(cosine.masked_select(adjacent < 0.45));
  normal.add(cosine.masked_select((adjacent >= 0.45).logical_and(adjacent <= 0.55)));
}

void Coherence::write(NamedList<TestFigure>& out) const {
  out.emplace_back("E:low_mean", low.value());
  out.emplace_back("E:normal_mean", normal.value());
  out.emplace_back("E:low_n", low.count);
  out.emplace_back("E:normal_n", normal.count);
}

}  // namespace runner::lvm::five_cat
