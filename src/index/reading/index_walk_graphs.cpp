// Graphs of neighbours: every link must lead to a row.
#include "index/reading/index_walk.h"

namespace runner::ann {
namespace {

constexpr std::int32_t no_row = -1, most_links = 4096;

}  // namespace

// The vectors, or their codes, that a graph's nodes are.
void IndexWalk::storage(const IndexShape& shape) {
  same(shape, index(Ids::rows));
}

// faiss/impl/HNSW.h: node i has levels[i] levels; its links lie at offsets[i] in `neighbours`, those of level
// l from first[l] to first[l + 1] on, -1 where there are fewer.
void IndexWalk::hnsw_levels(std::int64_t rows) {
  in_.array<double>("the levels' shares");
  const auto first = in_.array<std::int32_t>("the links of each level");
  in_.expect(first.size() >= 1 && first[0] == 0 && first.size() <= 1 << 10, "{} levels", first.size());
  for (std::uint64_t l = 1; l < first.size(); ++l)
    in_.expect(first[l] >= first[l - 1], "level {} begins at {}, the one before at {}", l, first[l],
               first[l - 1]);
  const auto levels = in_.array<std::int32_t>(unsigned_of(rows), "levels");
  const auto offsets = in_.array<std::uint64_t>(unsigned_of(rows) + 1, "offsets");
  in_.expect(offsets[0] == 0, "the first links lie at {}", offsets[0]);
  std::int32_t highest = 0;
  for (std::uint64_t i = 0; i < levels.size(); ++i) {
    in_.expect(levels[i] >= 1 && unsigned_of(levels[i]) < first.size(), "row {} has {} levels of {}", i,
               levels[i], first.size() - 1);
    in_.expect(offsets[i + 1] - offsets[i] == unsigned_of(first[unsigned_of(levels[i])]),
               "row {} has {} links, and {} belong", i, offsets[i + 1] - offsets[i],
               first[unsigned_of(levels[i])]);
    highest = std::max(highest, levels[i]);
  }
  const auto neighbours = in_.array<std::int32_t>(offsets[levels.size()], "links");
  for (std::uint64_t i = 0; i < levels.size(); ++i)
    for (std::int32_t l = 0; l < levels[i]; ++l)
      for (std::int32_t j = first[unsigned_of(l)]; j < first[unsigned_of(l) + 1]; ++j) {
        const std::int32_t to = neighbours[offsets[i] + unsigned_of(j)];
        if (to >= no_row && to < rows && (to == no_row || l == 0 || levels[unsigned_of(to)] > l)) continue;
        in_.damaged(fmt::format("row {} is linked to row {} on level {}, which is not there", i, to, l));
      }
  const auto entry = in_.number<std::int32_t>("the entry"),
             level = in_.number<std::int32_t>("the highest level");
  in_.expect(rows == 0 ? entry == no_row : entry >= 0 && entry < rows, "the entry is row {} of {}", entry,
             rows);
  in_.expect(rows == 0 || (level == highest - 1 && levels[unsigned_of(entry)] == highest),
             "the highest level is {}, and row {}, the entry, has {} of {} levels", level, entry,
             rows == 0 ? 0 : levels[unsigned_of(entry)], highest);
}

void IndexWalk::hnsw(const IndexShape& shape) {
  in_.expect(shape.rows < INT32_MAX, "{} rows in a graph", shape.rows);
  if (shape.type == "IHNc") {
    in_.flag("keep_max_size_level0");
    in_.flag("base_level_only");
    const auto entries = in_.number<std::int32_t>("the entries");
    in_.expect(entries >= 1 && entries <= 1 << 20, "{} entries", entries);
  }
  hnsw_levels(shape.rows);
  in_.number<std::int32_t>("efConstruction");
  const auto ef = in_.number<std::int32_t>("efSearch"), beam = in_.number<std::int32_t>("the upper beam");
  in_.expect(ef >= 1, "efSearch {}", ef);
  in_.expect(beam >= 1 && beam <= 1 << 20, "an upper beam of {}", beam);
  storage(shape);
}

void IndexWalk::nsg(const IndexShape& shape) {
  in_.number<std::int32_t>("GK");
  in_.number<std::int8_t>("the type of building");
  in_.elements<std::int32_t>(4, "the numbers of building");
  const auto rows = in_.number<std::int32_t>("the rows of the graph"),
             links = in_.number<std::int32_t>("the links of a row");
  in_.elements<std::int32_t>(2, "L and C");
  const auto search = in_.number<std::int32_t>("search_L"), entry = in_.number<std::int32_t>("the entry");
  in_.expect(in_.flag("is_built"), "the graph says that it is not built");
  in_.expect(rows == shape.rows && entry >= 0 && entry < rows,
             "a graph of {} rows from row {} on, of {} vectors", rows, entry, shape.rows);
  in_.expect(search >= 1, "search_L {}", search);
  // FAISS makes room for all links before it reads any.
  in_.expect(links >= 1 && links <= most_links, "{} links a row", links);
  for (std::int32_t i = 0; i < rows; ++i) {
    std::int32_t count = 0;
    for (std::int32_t to; (to = in_.number<std::int32_t>("a link")) != no_row; ++count) {
      in_.expect(to >= 0 && to < rows, "row {} is linked to row {} of {}", i, to, rows);
      in_.expect(count < links, "row {} has more than {} links", i, links);
    }
  }
  storage(shape);
}

void IndexWalk::nn_descent(const IndexShape& shape) {
  const auto rows = in_.number<std::int32_t>("the rows of the graph"),
             width = in_.number<std::int32_t>("its width"),
             links = in_.number<std::int32_t>("the links of a row");
  in_.elements<std::int32_t>(4, "the numbers of building");
  const auto search = in_.number<std::int32_t>("search_L");
  in_.number<std::int32_t>("the seed");
  in_.expect(in_.flag("has_built"), "the graph says that it is not built");
  in_.expect(rows == shape.rows && width == shape.width && links >= 1 && search >= 0,
             "a graph of {} rows of width {} with {} links each, of {} vectors", rows, width, links,
             shape.rows);
  const auto graph = in_.array<std::int32_t>(unsigned_of(rows) * unsigned_of(links), "links");
  for (std::uint64_t i = 0; i < graph.size(); ++i)
    in_.expect(graph[i] >= 0 && graph[i] < rows, "row {} is linked to row {} of {}", i / unsigned_of(links),
               graph[i], rows);
  storage(shape);
}

}  // namespace runner::ann
