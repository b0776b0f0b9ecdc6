#include "data/samples/row_order.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_set>

#include "base/log.h"

namespace runner::data {
namespace {

struct Rows {
  const Vectors& vectors;
  bool apart = false;  // the file is part of an article's name

  std::int64_t article(std::int64_t row) const { return vectors.articles()[static_cast<std::size_t>(row)]; }
  std::int64_t chunk(std::int64_t row) const { return vectors.chunks()[static_cast<std::size_t>(row)]; }
  auto key(std::int64_t row) const {
    return std::tuple(apart ? vectors.file_of(row) : 0, article(row), chunk(row));
  }
  bool same_article(std::int64_t a, std::int64_t b) const {
    return article(a) == article(b) && (!apart || vectors.file_of(a) == vectors.file_of(b));
  }

  bool in_order() const {
    std::unordered_set<std::int64_t> seen;
    for (std::int64_t row = 0; row < vectors.rows(); ++row) {
      if (row > 0 && same_article(row - 1, row)) {
        if (chunk(row) < chunk(row - 1)) return false;
        continue;
      }
      if (apart && row > 0 && vectors.file_of(row) != vectors.file_of(row - 1)) seen.clear();
      if (!seen.insert(article(row)).second) return false;
    }
    return true;
  }

  std::vector<std::uint32_t> sorted() const {
    std::vector<std::uint32_t> rows(static_cast<std::size_t>(vectors.rows()));
    std::iota(rows.begin(), rows.end(), 0u);
    std::stable_sort(rows.begin(), rows.end(),
                     [this](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
    return rows;
  }

  // Calls use(row, next row) for neighbours of the same article and chunk number.
  template <class Use>
  void for_equal(const std::vector<std::uint32_t>& rows, Use use) const {
    for (std::int64_t i = 1; i < vectors.rows(); ++i) {
      const auto at = static_cast<std::size_t>(i);
      const std::int64_t a = rows.empty() ? i - 1 : rows[at - 1], b = rows.empty() ? i : rows[at];
      if (same_article(a, b) && chunk(a) == chunk(b)) use(a, b);
    }
  }
};

}  // namespace

RowOrder order_of(const Vectors& vectors) {
  RowOrder order;
  if (!vectors.has_articles()) return order;
  Rows rows{vectors};
  if (!rows.in_order()) {
    order.rows = rows.sorted();
    bool collide = !vectors.tells_chunks() && vectors.paths().size() > 1;
    rows.for_equal(order.rows, [&](std::int64_t a, std::int64_t b) {
      collide = collide || vectors.file_of(a) != vectors.file_of(b);
    });
    if (collide) {
      order.files_apart = rows.apart = true;
      order.rows = rows.in_order() ? std::vector<std::uint32_t>() : rows.sorted();
    }
  }
  rows.for_equal(order.rows, [&](std::int64_t, std::int64_t) { ++order.equal; });
  return order;
}

void tell(const RowOrder& order, const Vectors& vectors, bool follows) {
  const std::string& file = vectors.paths().front();
  if (!order.rows.empty() && follows)
    spdlog::info(
        "{}: rows are not in the order of their article and chunk numbers: windows are cut as if they "
        "were",
        file);
  if (!order.rows.empty() && !follows)
    spdlog::warn(
        "{}: rows are not in the order of their article and chunk numbers, and windows follow the rows "
        "(within_article: false); sort the file, or set it to true",
        file);
  if (order.files_apart && follows)
    spdlog::warn("{}: the files after it have articles of the same numbers: they are taken as other articles",
                 file);
  if (order.equal > 0 && follows)
    spdlog::warn(
        "{}: rows with the article and chunk number of another one: {}; they follow it as in the file", file,
        order.equal);
}

}  // namespace runner::data
