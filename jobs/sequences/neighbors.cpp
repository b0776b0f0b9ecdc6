#include "jobs/sequences/neighbors.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/status.h"
#include "data/content_hash.h"
#include "threads/team.h"

extern "C" void sgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k,
                       const float* alpha, const float* a, const int* lda, const float* b, const int* ldb,
                       const float* beta, float* c, const int* ldc);

namespace runner::jobs {
namespace {

constexpr std::int64_t query_floats = 12 << 20, candidate_floats = 2 << 20;  // 48 MB and 8 MB
constexpr std::int64_t queries_a_product = 512;
constexpr std::int64_t rows_a_tile = 16;  // of one thread at a time

struct Found {
  float score;
  std::uint32_t row;
  bool nearer_than(const Found& other) const {
    return score != other.score ? score > other.score : row < other.row;
  }
};

// A set of rows read as unit vectors, with a hash of each row's values as the file has them.
struct Block {
  std::vector<std::uint32_t> rows;
  std::vector<float> units;
  std::vector<std::uint64_t> hashes;
};

void read_block(const data::Vectors& vectors, const std::uint32_t* rows, std::int64_t count, Block& block) {
  const std::int64_t width = vectors.width();
  block.rows.assign(rows, rows + count);
  block.units.resize(static_cast<std::size_t>(count * width));
  block.hashes.resize(static_cast<std::size_t>(count));
  const std::vector<std::int64_t> wide(block.rows.begin(), block.rows.end());
  vectors.gather(wide.data(), count, block.units.data());
  vectors.release(0, vectors.rows());
  team::run_chunks(count, rows_a_tile, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      float* unit = block.units.data() + i * width;
      data::ContentHash hash;
      hash.update(unit, static_cast<std::size_t>(width) * sizeof(float));
      block.hashes[static_cast<std::size_t>(i)] = hash.value();
      double squares = 0;
      for (std::int64_t d = 0; d < width; ++d) squares += static_cast<double>(unit[d]) * unit[d];
      const auto scale = static_cast<float>(1.0 / std::max(std::sqrt(squares), 1e-12));
      for (std::int64_t d = 0; d < width; ++d) unit[d] *= scale;
    }
  });
}

// The nearest T of each query so far, nearest first.
class Nearest {
 public:
  Nearest(std::int64_t queries, std::int64_t length)
      : length_(length),
        found_(static_cast<std::size_t>(queries * length)),
        counts_(static_cast<std::size_t>(queries)) {}

  void offer(std::int64_t query, Found candidate) {
    Found* best = found_.data() + query * length_;
    std::int64_t& count = counts_[static_cast<std::size_t>(query)];
    if (count == length_ && !candidate.nearer_than(best[count - 1])) return;
    std::int64_t place = count < length_ ? count++ : count - 1;
    for (; place > 0 && candidate.nearer_than(best[place - 1]); --place) best[place] = best[place - 1];
    best[place] = candidate;
  }
  bool full(std::int64_t query) const { return counts_[static_cast<std::size_t>(query)] == length_; }
  float worst(std::int64_t query) const {
    return full(query) ? found_[static_cast<std::size_t>((query + 1) * length_ - 1)].score
                       : -std::numeric_limits<float>::infinity();
  }
  const Found* of(std::int64_t query) const { return found_.data() + query * length_; }

 private:
  std::int64_t length_;
  std::vector<Found> found_;
  std::vector<std::int64_t> counts_;
};

void compare(const Block& queries, const Block& candidates, int width, Nearest& nearest) {
  const auto total = static_cast<std::int64_t>(queries.rows.size());
  const int m = static_cast<int>(candidates.rows.size());
  std::vector<float> scores(static_cast<std::size_t>(std::min(total, queries_a_product) * m));
  const float one = 1, zero = 0;
  for (std::int64_t first = 0; first < total; first += queries_a_product) {
    const int n = static_cast<int>(std::min(queries_a_product, total - first));
    sgemm_("T", "N", &m, &n, &width, &one, candidates.units.data(), &width,
           queries.units.data() + first * width, &width, &zero, scores.data(), &m);
    team::run_chunks(n, rows_a_tile, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const float* row = scores.data() + i * m;
        const std::uint64_t own = queries.hashes[static_cast<std::size_t>(first + i)];
        for (int j = 0; j < m; ++j)
          if (row[j] >= nearest.worst(first + i) && candidates.hashes[static_cast<std::size_t>(j)] != own)
            nearest.offer(first + i, {row[j], candidates.rows[static_cast<std::size_t>(j)]});
      }
    });
  }
}

// Each of `rows` against all of them.
void search(const data::Vectors& vectors, const std::vector<std::uint32_t>& rows, NeighborRows& out,
            Progress& progress, std::int64_t& done) {
  const auto total = static_cast<std::int64_t>(rows.size());
  const std::int64_t width = vectors.width(), length = out.context;
  const std::int64_t query_step = std::max<std::int64_t>(1, query_floats / width);
  const std::int64_t candidate_step = std::max<std::int64_t>(1, candidate_floats / width);
  Block queries, candidates;
  for (std::int64_t q = 0; q < total; q += query_step) {
    const std::int64_t count = std::min(query_step, total - q);
    read_block(vectors, rows.data() + q, count, queries);
    Nearest nearest(count, length);
    for (std::int64_t c = 0; c < total; c += candidate_step) {
      read_block(vectors, rows.data() + c, std::min(candidate_step, total - c), candidates);
      compare(queries, candidates, static_cast<int>(width), nearest);
      status::beat();
      if (const int signal = stop_signal())
        throw Interrupted(signal, "stopped while searching; nothing was written");
    }
    for (std::int64_t i = 0; i < count; ++i) {
      if (!nearest.full(i)) continue;
      out.targets.push_back(queries.rows[static_cast<std::size_t>(i)]);
      for (std::int64_t j = length; j-- > 0;) out.contexts.push_back(nearest.of(i)[j].row);
    }
    progress.update(done += count);
  }
}

// The kept rows in groups that are searched apart: one article each, or all together.
std::vector<std::vector<std::uint32_t>> groups_of(const data::Vectors& vectors,
                                                  const data::WindowOptions& options) {
  const std::vector<bool> left_out = data::rows_left_out(vectors, options);
  std::vector<std::uint32_t> rows;
  for (std::int64_t row = 0; row < vectors.rows(); ++row)
    if (left_out.empty() || !left_out[static_cast<std::size_t>(row)])
      rows.push_back(static_cast<std::uint32_t>(row));
  if (!options.within_article || !vectors.has_articles()) return {rows};
  const auto& articles = vectors.articles();
  std::stable_sort(rows.begin(), rows.end(), [&](auto a, auto b) { return articles[a] < articles[b]; });
  std::vector<std::vector<std::uint32_t>> groups;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == 0 || articles[rows[i]] != articles[rows[i - 1]]) groups.emplace_back();
    groups.back().push_back(rows[i]);
  }
  return groups;
}

}  // namespace

NeighborRows find_neighbors(const data::Vectors& vectors, const data::WindowOptions& options) {
  if (vectors.rows() > std::numeric_limits<std::uint32_t>::max())
    throw DataError("more than 4,294,967,295 rows in one job; split the input", vectors.paths()[0]);
  status::set_phase("search neighbours");
  NeighborRows found{options.context, {}, {}};
  Progress progress("neighbours", vectors.rows(), "rows");
  std::int64_t done = 0;
  for (const auto& group : groups_of(vectors, options)) search(vectors, group, found, progress, done);
  // Groups come by article; targets are wanted in file order.
  std::vector<std::size_t> order(found.targets.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return found.targets[a] < found.targets[b]; });
  NeighborRows sorted{options.context, {}, {}};
  const auto length = static_cast<std::ptrdiff_t>(options.context);
  for (const std::size_t i : order) {
    sorted.targets.push_back(found.targets[i]);
    const auto from = found.contexts.begin() + static_cast<std::ptrdiff_t>(i) * length;
    sorted.contexts.insert(sorted.contexts.end(), from, from + length);
  }
  return sorted;
}

}  // namespace runner::jobs
