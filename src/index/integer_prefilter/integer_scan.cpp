#include "index/integer_prefilter/integer_scan.h"

#include <algorithm>
#include <atomic>
#include <memory>

#include "base/signals.h"
#include "index/build/unit_rows.h"
#include "index/exact_search/scores.h"
#include "index/integer_prefilter/integer_rows.h"
#include "threads/team.h"

namespace runner::ann {
namespace {

constexpr std::int64_t block_bytes = 200 << 10;  // of packed rows: they stay in the second-level cache
constexpr std::int64_t stretch_bytes = 4 << 20;  // packed together: threads meet twice a stretch, not a block
constexpr std::int64_t queries_a_turn = 12;      // against one block
constexpr std::int64_t most_task_queries = 96;   // that a thread takes through a stretch: they share its rows
constexpr std::int64_t rows_a_tile = 64, queries_a_tile = 16;  // packed by one thread at a time

class NarrowScan {
 public:
  NarrowScan(const NarrowUnit& unit, const RowSource& rows, Metric metric, const float* queries,
             std::int64_t n, std::vector<TopK>& best)
      : unit_(unit),
        rows_(rows),
        queries_(queries),
        n_(n),
        width_(rows.width()),
        words_(unit.words(rows.width())),
        distance_(metric == Metric::l2),
        score_(score_function(metric)),
        best_(best) {
    const std::int64_t pair = 2 * unit.group;
    block_ = std::max(pair, block_bytes / (4 * words_) / pair * pair);
    step_ = std::max<std::int64_t>(1, stretch_bytes / (4 * words_) / block_) * block_;
    packed_rows_.reset(new std::int32_t[size(step_ * words_)]);
    packed_queries_.reset(new std::int32_t[size(n * (words_ + 1))]);
    query_facts_.resize(size(n));
    query_squares_.resize(size(n));
    block_norms_.resize(size(step_ / block_));
    block_errors_.resize(size(step_ / block_));
    for (auto* of_rows : {&steps_, &minus_, &norms_, &errors_}) of_rows->resize(size(step_));
    rounding_ = static_cast<float>(width_ + 16) * 0x1p-22F;
  }

  std::int64_t run(std::int64_t begin, const std::function<void(std::int64_t)>& progress) {
    if (!pack_queries()) return begin;
    const std::int64_t total = rows_.rows();
    for (std::int64_t first = begin, count; first < total; first += count) {
      // The first stretch is short: it shows whether the bounds tell rows apart.
      count = std::min(first == begin ? std::min(2 * block_, step_) : step_, total - first);
      if (stop_signal() != 0 || lets_too_many_through(first - begin)) return first;
      const float* block = rows_.mapped(first, count);
      if (block == nullptr) {
        if (!read_) read_.reset(new float[size(step_ * width_)]);
        rows_.read(first, count, read_.get());
        block = read_.get();
      }
      if (!pack_rows(block, count)) return first;
      search(block, first, count);
      rows_.release(first, count);
      progress(first + count);
    }
    return total;
  }

 private:
  static std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

  bool pack_queries() {
    std::atomic<bool> good{true};
    team::run_chunks(n_, queries_a_tile, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      for (std::int64_t q = begin; q < end; ++q) {
        const float* query = queries_ + q * width_;
        std::int32_t* at = packed_queries_.get() + q * (words_ + 1);
        if (!pack_narrow(unit_, query, width_, false, at, 1, query_facts_[size(q)])) good = false;
        query_squares_[size(q)] = distance_ ? squared_norm(query, width_) : 0;
      }
    });
    return good;
  }

  bool pack_rows(const float* stretch, std::int64_t count) {
    std::atomic<bool> good{true};
    team::run_chunks(count, rows_a_tile, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        NarrowFacts facts;
        std::int32_t* at = packed_rows_.get() + r / unit_.group * words_ * unit_.group + r % unit_.group;
        if (!pack_narrow(unit_, stretch + r * width_, width_, true, at, unit_.group, facts)) good = false;
        steps_[size(r)] = distance_ ? 2 * facts.step : facts.step;
        minus_[size(r)] = distance_ ? squared_norm(stretch + r * width_, width_) : 0;
        norms_[size(r)] = facts.norm;
        errors_[size(r)] = facts.error;
      }
    });
    for (std::int64_t r = 0; r < count; r += block_) {
      const auto greatest = [&](const std::vector<float>& of_rows) {
        return *std::max_element(&of_rows[size(r)], &of_rows[size(r)] + std::min(block_, count - r));
      };
      block_norms_[size(r / block_)] = greatest(norms_);
      block_errors_[size(r / block_)] = greatest(errors_);
    }
    return good;
  }

  void search(const float* stretch, std::int64_t first, std::int64_t count) {
    const std::int64_t share = team::chunks_of(n_, std::int64_t{4} * team::size());
    const std::int64_t task = std::clamp((share + queries_a_turn - 1) / queries_a_turn * queries_a_turn,
                                         queries_a_turn, most_task_queries);
    std::atomic<std::int64_t> scored{0};
    team::run_chunks(n_, task, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      std::vector<std::int32_t> products(size(queries_a_turn * block_)), found;
      std::int64_t own = 0;
      for (std::int64_t r = 0; r < count; r += block_) {
        const Block block{stretch + r * width_, first + r, r, std::min(block_, count - r)};
        for (std::int64_t q = begin; q < end; q += queries_a_turn)
          own += search(block, q, std::min(end, q + queries_a_turn), products, found);
      }
      scored += own;
    });
    scored_ += scored;
  }

  struct Block {
    const float* rows;
    std::int64_t first;  // row of the source
    std::int64_t place;  // in the stretch
    std::int64_t count;
  };

  // Queries [begin, end) against a block; returns how many rows were scored in float32.
  std::int64_t search(const Block& block, std::int64_t begin, std::int64_t end,
                      std::vector<std::int32_t>& products, std::vector<std::int32_t>& found) {
    // What lies behind the last row is multiplied and not looked at.
    const std::int64_t groups = (block.count + 2 * unit_.group - 1) / (2 * unit_.group) * 2;
    unit_.multiply(packed_rows_.get() + block.place * words_, groups,
                   packed_queries_.get() + begin * (words_ + 1), end - begin, words_, products.data());
    std::int64_t scored = 0;
    for (std::int64_t q = begin; q < end; ++q)
      scored += offer(q, products.data() + (q - begin) * groups * unit_.group, block, found);
    return scored;
  }

  // Scores in float32 the rows that may be nearer than the worst of the best; returns how many.
  std::int64_t offer(std::int64_t q, const std::int32_t* products, const Block& block,
                     std::vector<std::int32_t>& found) {
    const float norm = block_norms_[size(block.place / block_)],
                error = block_errors_[size(block.place / block_)];
    const NarrowFacts& query = query_facts_[size(q)];
    const float* vector = queries_ + q * width_;
    const float *steps = &steps_[size(block.place)], *minus = &minus_[size(block.place)];
    TopK& best = best_[size(q)];
    std::int64_t at = 0;
    for (; at < block.count && !best.full(); ++at)
      best.offer({score(block.rows + at * width_, vector), block.first + at});
    std::int64_t scored = at;
    if (at == block.count) return scored;
    const float query_square = query_squares_[size(q)];
    const float bound = query.error * norm + query.norm * error;
    const float reach = query.norm + norm;
    const float slack =
        distance_ ? 2 * bound + rounding_ * reach * reach : bound + rounding_ * query.norm * norm;
    found.clear();
    find_not_below(products + at, steps + at, minus + at, block.count - at, query.step,
                   limit(best, query_square) - slack, found);
    for (const std::int32_t place : found) {
      const std::int64_t r = at + place;
      // The limit has risen since they were found.
      if (static_cast<float>(products[r]) * steps[r] * query.step - minus[r] <
          limit(best, query_square) - slack)
        continue;
      best.offer({score(block.rows + r * width_, vector), block.first + r});
      ++scored;
    }
    return scored;
  }

  // In the terms of 2q·r - |r|² for distances.
  float limit(const TopK& best, float query_square) const {
    return distance_ ? query_square - best.worst() : best.worst();
  }
  float score(const float* row, const float* query) const {
    float result;
    score_(row, 1, query, 1, width_, &result);
    return result;
  }
  // A row scored alone costs some ten times what it costs in the scan.
  bool lets_too_many_through(std::int64_t rows_done) const {
    return rows_done > 0 && scored_ > rows_done * n_ / 20 + 200 * n_;
  }

  const NarrowUnit& unit_;
  const RowSource& rows_;
  const float* queries_;
  std::int64_t n_, width_, words_;
  bool distance_;
  ScoreFunction score_;
  std::vector<TopK>& best_;
  std::int64_t block_ = 0, step_ = 0, scored_ = 0;
  float rounding_ = 0;
  std::unique_ptr<std::int32_t[]> packed_rows_, packed_queries_;
  std::unique_ptr<float[]> read_;
  std::vector<NarrowFacts> query_facts_;
  std::vector<float> query_squares_;                   // for distances, else 0
  std::vector<float> steps_, minus_, norms_, errors_;  // of the stretch's rows
  std::vector<float> block_norms_, block_errors_;      // the greatest of each block
};

}  // namespace

std::vector<const NarrowUnit*> narrow_ways(std::int64_t width, std::int64_t k) {
  const std::vector<const NarrowUnit*>& units = narrow_units();
  if (units.empty() || width > widest_narrow || k > most_narrow_neighbours) return {};
  return {units.front(), units.back()};
}

std::int64_t narrow_scan(const NarrowUnit& unit, const RowSource& rows, std::int64_t begin, Metric metric,
                         const float* queries, std::int64_t n, std::vector<TopK>& best,
                         const std::function<void(std::int64_t)>& progress) {
  return NarrowScan(unit, rows, metric, queries, n, best).run(begin, progress);
}

}  // namespace runner::ann
