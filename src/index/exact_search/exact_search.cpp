#include "index/exact_search/exact_search.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>

#include "base/error.h"
#include "base/signals.h"
#include "base/status.h"
#include "index/build/unit_rows.h"
#include "index/exact_search/scores.h"
#include "index/exact_search/top_k.h"
#include "index/integer_prefilter/integer_scan.h"
#include "threads/team.h"

extern "C" void sgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k,
                       const float* alpha, const float* a, const int* lda, const float* b, const int* ldb,
                       const float* beta, float* c, const int* ldc);

namespace runner::ann {
namespace {

// From so many queries on, copying rows into another layout pays: without vector units (FAISS draws that line
// at 20 as well), and with them, where candidates are few.
constexpr std::int64_t many_queries = 20, many_queries_in_vectors = 64;
constexpr std::int64_t queries_a_pass = 4096;         // bounds the memory of scores and candidates
constexpr std::int64_t stream_block_bytes = 4 << 20;  // what a thread takes at a time, at most
constexpr std::int64_t stream_scores = 1 << 20;       // of a thread's block, at most
constexpr std::int64_t row_block_bytes = 12 << 20, score_block_floats = 2 << 20;

struct Pass {
  const RowSource& rows;
  Metric metric;
  const float* queries;
  std::int64_t n, k;
  const std::function<void(std::int64_t)>& progress;
  std::int64_t done_before;

  void tell(std::int64_t rows_done) const {
    status::beat();
    if (progress) progress(done_before + rows_done);
  }
};

std::vector<TopK> empty(const Pass& pass) {
  return std::vector<TopK>(static_cast<std::size_t>(pass.n), TopK(pass.metric, pass.k));
}

// Few queries: threads take blocks of rows, each with candidates of its own.
std::vector<TopK> stream(const Pass& pass) {
  const std::int64_t width = pass.rows.width(), total = pass.rows.rows();
  // Ten turns a thread or more, for when others slow one of them down.
  const std::int64_t step = std::clamp<std::int64_t>(
      total / (std::int64_t{10} * team::size()), 2,
      std::max<std::int64_t>(2,
                             std::min(stream_block_bytes / (width * static_cast<std::int64_t>(sizeof(float))),
                                      stream_scores / pass.n)));
  const ScoreFunction score = score_function(pass.metric);
  std::vector<TopK> best = empty(pass);
  std::atomic<std::int64_t> next{0};
  std::mutex merging;
  // A tile takes blocks as long as there are any: candidates want rows in ascending order.
  team::run(team::size(), [&](std::int64_t) {
    std::vector<TopK> own = empty(pass);
    std::vector<float> scores(static_cast<std::size_t>(step * pass.n));
    for (std::int64_t first; stop_signal() == 0 && (first = next.fetch_add(step)) < total;) {
      const std::int64_t count = std::min(step, total - first);
      score(pass.rows.mapped(first, count), count, pass.queries, pass.n, width, scores.data());
      for (std::int64_t q = 0; q < pass.n; ++q)
        own[static_cast<std::size_t>(q)].offer(scores.data() + q * count, count, first);
      pass.rows.release(first, count);
      status::beat();
    }
    const std::lock_guard lock(merging);
    for (std::size_t q = 0; q < best.size(); ++q)
      for (const Candidate& candidate : own[q].candidates()) best[q].offer(candidate);
  });
  pass.tell(total);
  return best;
}

// Squared distances from inner products, |q|² + |x|² - 2qx, less what float32 may have rounded away in them:
// up to `rounding` (|q|² + |x|²), which is more than a distance when vectors lie far from the origin. What is
// no number is no bound.
void to_lower_bounds(float* scores, std::int64_t count, float query_square, const float* row_squares,
                     float rounding) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float squares = query_square + row_squares[i];
    const float bound = squares - 2 * scores[i] - rounding * squares;
    scores[i] = std::isfinite(bound) ? bound : std::numeric_limits<float>::lowest();
  }
}

// Offers the rows [count, width] whose distance may be below the worst one's, each with its own distance.
void offer_distances(const Pass& pass, std::int64_t q, const float* bounds, const float* rows,
                     std::int64_t count, std::int64_t first, TopK& best) {
  const std::int64_t width = pass.rows.width();
  const ScoreFunction score = score_function(pass.metric);
  for (std::int64_t i = 0; i < count; ++i) {
    if (best.full()) i += find_nearer(pass.metric, bounds + i, count - i, best.worst());
    if (i == count) return;
    float distance = 0;
    score(rows + i * width, 1, pass.queries + q * width, 1, width, &distance);
    best.offer({distance, first + i});
  }
}

// Many queries: blocks of rows times all queries by sgemm, then the candidates of each block. From row
// `begin` on. Products only tell which distances are worth computing.
void multiply(const Pass& pass, std::int64_t begin, std::vector<TopK>& best) {
  const std::int64_t width = pass.rows.width(), total = pass.rows.rows();
  const std::int64_t step =
      std::clamp<std::int64_t>(std::min(row_block_bytes / (width * static_cast<std::int64_t>(sizeof(float))),
                                        score_block_floats / pass.n),
                               16, 1 << 16);
  const std::unique_ptr<float[]> rows(new float[static_cast<std::size_t>(step * width)]);
  const std::unique_ptr<float[]> scores(new float[static_cast<std::size_t>(step * pass.n)]);
  std::vector<float> row_squares(static_cast<std::size_t>(step));
  std::vector<float> query_squares(static_cast<std::size_t>(pass.n));
  const bool distance = pass.metric == Metric::l2;
  // Sums of `width` products, and |q||x| <= (|q|² + |x|²) / 2; twice that, for the sums of squares.
  const float rounding = static_cast<float>(width + 16) * 0x1p-22F;
  if (distance)
    for (std::int64_t q = 0; q < pass.n; ++q)
      query_squares[static_cast<std::size_t>(q)] = squared_norm(pass.queries + q * width, width);
  for (std::int64_t first = begin; first < total && stop_signal() == 0; first += step) {
    const std::int64_t count = std::min(step, total - first);
    pass.rows.read(first, count, rows.get());
    pass.rows.release(first, count);
    const int m = static_cast<int>(count), n = static_cast<int>(pass.n), d = static_cast<int>(width);
    const float one = 1, zero = 0;
    sgemm_("T", "N", &m, &n, &d, &one, rows.get(), &d, pass.queries, &d, &zero, scores.get(), &m);
    if (distance)
      team::run_chunks(count, 64, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
        for (std::int64_t r = begin; r < end; ++r)
          row_squares[static_cast<std::size_t>(r)] = squared_norm(rows.get() + r * width, width);
      });
    team::run_chunks(pass.n, 8, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      for (std::int64_t q = begin; q < end; ++q) {
        float* of_query = scores.get() + q * count;
        TopK& best_of_query = best[static_cast<std::size_t>(q)];
        if (distance) {
          to_lower_bounds(of_query, count, query_squares[static_cast<std::size_t>(q)], row_squares.data(),
                          rounding);
          offer_distances(pass, q, of_query, rows.get(), count, first, best_of_query);
        } else {
          best_of_query.offer(of_query, count, first);
        }
      }
    });
    pass.tell(first + count);
  }
}

bool are_few(const Pass& pass) {
  const bool in_vectors = score_function(pass.metric) != score_function(pass.metric, VectorUnit::plain);
  return pass.n < (in_vectors && pass.k <= most_narrow_neighbours ? many_queries_in_vectors : many_queries);
}

std::vector<TopK> search_many(const Pass& pass) {
  std::vector<TopK> best = empty(pass);
  std::int64_t done = 0;
  for (const NarrowUnit* unit : narrow_ways(pass.rows.width(), pass.k))
    if (done < pass.rows.rows())
      done = narrow_scan(*unit, pass.rows, done, pass.metric, pass.queries, pass.n, best,
                         [&](std::int64_t rows_done) { pass.tell(rows_done); });
  if (done < pass.rows.rows()) multiply(pass, done, best);
  return best;
}

}  // namespace

std::int64_t passes(std::int64_t n) {
  return (n + queries_a_pass - 1) / queries_a_pass;
}

Neighbours exact_search(const RowSource& rows, Metric metric, const float* queries, std::int64_t n,
                        std::int64_t k, const std::function<void(std::int64_t)>& progress) {
  Neighbours found{n, k, {}, {}};
  found.scores.resize(static_cast<std::size_t>(n * k));
  found.ids.resize(static_cast<std::size_t>(n * k));
  const bool mapped = rows.rows() > 0 && rows.mapped(0, 1) != nullptr;
  for (std::int64_t first = 0; first < n; first += queries_a_pass) {
    const Pass pass{rows, metric,   queries + first * rows.width(),      std::min(queries_a_pass, n - first),
                    k,    progress, first / queries_a_pass * rows.rows()};
    std::vector<TopK> best = mapped && are_few(pass) ? stream(pass) : search_many(pass);
    if (const int signal = stop_signal()) throw Interrupted(signal, "stopped while searching");
    for (std::int64_t q = 0; q < pass.n; ++q)
      best[static_cast<std::size_t>(q)].write(found.scores.data() + (first + q) * k,
                                              found.ids.data() + (first + q) * k);
  }
  return found;
}

}  // namespace runner::ann
