#include "five_cat/articles.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "models/unit_vectors.h"

namespace runner::lvm::five_cat {

Articles::Articles(const data::Vectors& vectors) {
  if (vectors.articles().empty())
    throw DataError("tells no articles (array article_indices); 5CAT ranks within articles",
                    vectors.paths().empty() ? "articles" : vectors.paths().front());
  const auto rows = vectors.rows();
  const auto& ids = vectors.articles();
  const auto& chunks = vectors.chunks();
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    return std::pair(ids[i], chunks[i]) < std::pair(ids[j], chunks[j]);
  });
  auto places = torch::empty({rows}, torch::kInt64);  // of the files' rows in the table
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto source = static_cast<std::size_t>(order[static_cast<std::size_t>(row)]);
    places.data_ptr<std::int64_t>()[source] = row;
    chunks_.push_back(chunks[source]);
    Article& article = articles_.try_emplace(ids[source], Article{row, 0}).first->second;
    ++article.count;
  }
  constexpr std::int64_t kRows = 4096;  // at a time: what is read is not held beside the table
  table = torch::empty({rows, vectors.width()});
  for (std::int64_t first = 0; first < rows; first += kRows) {
    const auto count = std::min(kRows, rows - first);
    auto read = torch::empty({count, vectors.width()});
    vectors.read_rows(first, count, read.data_ptr<float>());
    vectors.release(first, count);
    table.index_copy_(0, places.narrow(0, first, count), unit(read));
  }
}

const Article* Articles::find(std::int64_t id) const {
  const auto found = articles_.find(id);
  return found == articles_.end() ? nullptr : &found->second;
}

std::optional<std::int64_t> Articles::place(const Article& article, std::int64_t chunk) const {
  const auto begin = chunks_.begin() + article.first, end = begin + article.count;
  const auto after = std::upper_bound(begin, end, chunk);
  if (after == begin || *(after - 1) != chunk) return std::nullopt;
  return after - begin - 1;
}

}  // namespace runner::lvm::five_cat
