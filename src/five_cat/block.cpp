#include "five_cat/block.h"

#include "models/unit_vectors.h"

namespace runner::lvm::five_cat {

namespace {

constexpr std::int64_t kReach = 3;            // of test A to either side
constexpr std::int64_t kSmallestArticle = 6;  // for test B

bool take(bool qualifies, std::int64_t& taken, std::int64_t limit) {
  if (!qualifies || taken >= limit) return false;
  ++taken;
  return true;
}

}  // namespace

torch::Tensor Block::members(bool Row::*test) const {
  std::vector<std::int64_t> out;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].*test) out.push_back(static_cast<std::int64_t>(i));
  return torch::tensor(out, torch::kInt64);
}

RowsByArticle Block::members_by_article(bool Row::*test) const {
  RowsByArticle out;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].*test && rows[i].article) out[rows[i].article].push_back(static_cast<std::int64_t>(i));
  return out;
}

std::vector<Row> choose(const Articles& articles, const data::SampleSource& source, const std::int64_t* ids,
                        std::int64_t count, const Options& options, Taken& taken) {
  std::vector<Row> rows;
  const std::int64_t first_future =
      options.legacy ? 1 : 0;  // place of the first roll-out step from the target's
  for (std::int64_t i = 0; i < count; ++i) {
    Row row;
    row.id = ids[i];
    row.article = source.has_articles() ? articles.find(source.article(row.id)) : nullptr;
    if (row.article) {
      const auto place = articles.place(*row.article, source.target_chunk(row.id));
      if (place)
        row.place = *place;
      else
        row.article = nullptr;
    }
    const std::int64_t rows_after =
        row.article ? row.article->count - row.place : 0;  // with the target itself
    row.a = take(row.article && row.place >= kReach && rows_after > kReach, taken.a, options.samples);
    row.b = take(row.article && row.article->count >= kSmallestArticle, taken.b, options.samples);
    row.c = take(true, taken.c, options.samples);
    row.d = take(row.article && rows_after >= first_future + options.horizon, taken.d, options.samples);
    row.e = take(true, taken.e, options.samples);
    if (row.any()) rows.push_back(row);
  }
  return rows;
}

Block load(Predictor& predictor, const data::SampleSource& source, std::vector<Row> rows) {
  Block block;
  const auto count = static_cast<std::int64_t>(rows.size());
  std::vector<std::int64_t> ids;
  for (const Row& row : rows) ids.push_back(row.id);
  block.contexts = torch::empty({count, source.context(), source.width()});
  block.targets = torch::empty({count, source.width()});
  source.gather(ids.data(), count, block.contexts.data_ptr<float>(), block.targets.data_ptr<float>());
  block.contexts = unit(block.contexts);
  block.targets = unit(block.targets);
  block.rows = std::move(rows);
  block.sequences =
      predictor.add_items(block.contexts.view({-1, source.width()})).view({count, source.context()});
  block.predictions = predictor.predict(block.sequences);
  return block;
}

}  // namespace runner::lvm::five_cat
