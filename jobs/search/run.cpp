#include "jobs/search/run.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/time.h"
#include "data/formats/records/record_writer.h"
#include "data/formats/values.h"
#include "index/build/memory_limit.h"
#include "index/build/unit_rows.h"
#include "index/reading/search.h"
#include "jobs/job_type.h"
#include "jobs/record_output.h"
#include "jobs/search/options.h"

namespace runner::jobs {
namespace {

using Clock = std::chrono::steady_clock;

void expect_width(const data::Vectors& queries, const ann::OpenIndex& index, const SearchOptions& options) {
  if (queries.rows() == 0) throw DataError("there is nothing to search for", options.queries[0]);
  if (index.rows() == 0)
    throw DataError("there is nothing to find in it: it holds no vectors", options.index);
  if (queries.width() != index.width())
    throw DataError(fmt::format("queries of width {}, and the index {} holds vectors of width {}",
                                queries.width(), options.index, index.width()),
                    options.queries[0]);
}

// Neighbours a query: there are no more than vectors.
std::int64_t neighbours_of(const SearchOptions& options, std::int64_t rows) {
  if (options.k <= rows) return options.k;
  spdlog::warn("k: {} neighbours are wanted, and {} holds {} vectors: k is lowered to {}", options.k,
               options.index, rows, rows);
  return rows;
}

void refuse_what_will_not_fit(const data::Vectors& queries, std::int64_t k) {
  constexpr std::uint64_t at_once = 4096, result = 12, candidate = 32;  // queries; bytes, while vectors grow
  const auto n = static_cast<std::uint64_t>(queries.rows()), each = static_cast<std::uint64_t>(k);
  const std::uint64_t bytes = n * static_cast<std::uint64_t>(queries.width()) * sizeof(float) +
                              n * each * result + std::min(n, at_once) * each * candidate;
  const std::uint64_t available = ann::available_memory();
  if (bytes > available)
    throw RunError(
        fmt::format(
            "{} neighbours of each of {} queries need about {} of memory, and {} are available: take a "
            "smaller k, or fewer queries at a time",
            k, n, format_bytes(static_cast<double>(bytes)), format_bytes(static_cast<double>(available))),
        "k");
}

std::vector<float> read_queries(const data::Vectors& queries, const SearchOptions& options,
                                ann::Metric metric) {
  status::set_phase("read the queries");
  const std::int64_t width = queries.width();
  std::vector<float> values(static_cast<std::size_t>(queries.rows() * width));
  queries.read_rows(0, queries.rows(), values.data());
  ann::make_unit_rows_parallel(values.data(), queries.rows(), width, options.normalize,
                               options.queries[0].c_str(), 0);
  // All inner products with zeros are alike; distances from them are not.
  if (metric == ann::Metric::inner_product)
    for (std::int64_t row = 0; row < queries.rows(); ++row)
      data::checked_norm(values.data() + row * width, width, options.queries[0], row);
  return values;
}

// Arrays ids and scores, [queries, k]. Returns the name that the file has.
std::string write(const RecordOutput& output, const ann::Neighbours& found, IfTaken if_taken) {
  status::set_phase("write the neighbours");
  data::RecordWriter writer(
      output.path, output.format,
      {{"ids", data::DType::i64, found.k, "id"}, {"scores", data::DType::f32, found.k, "score"}},
      found.queries, "query", if_taken);
  writer.append(found.queries, {found.ids.data(), found.scores.data()});
  writer.finish();
  return writer.target();
}

}  // namespace

void run_search(const JobContext& context, JobResult& result) {
  const auto options = options_of<SearchOptions>(context);
  const auto start = Clock::now();
  const ann::OpenIndex index = ann::open_index(options.index);
  const double open_s = seconds_since(start);
  const data::Vectors vectors(options.queries, data::Columns::none);
  expect_width(vectors, index, options);
  const std::int64_t n = vectors.rows(), width = vectors.width(), k = neighbours_of(options, index.rows());
  refuse_what_will_not_fit(vectors, k);
  const std::vector<float> queries = read_queries(vectors, options, index.metric());
  const auto search_start = Clock::now();
  status::set_phase("search");
  ann::Neighbours found;
  {
    Progress progress("search", index.rows() * ann::passes(n), "rows");
    found = index.search(queries.data(), n, k, [&](std::int64_t done) { progress.update(done); });
  }
  const double search_s = seconds_since(search_start);
  index.expect_unchanged();
  const RecordOutput where = record_output(options.format, options.output, options.default_output);
  const std::string output = write(where, found, if_taken(context));
  result.result = {{"output", output},
                   {"index", options.index},
                   {"queries", n},
                   {"k", k},
                   {"ntotal", index.rows()},
                   {"dimension", width},
                   {"exact", index.exact()},
                   {"open_s", open_s},
                   {"search_s", search_s},
                   {"wall_s", seconds_since(start)},
                   {"rss_mb", peak_memory_mb()}};
  const std::string what = fmt::format("{} neighbours of each of {} queries among {} vectors, {} in {:.3f} s",
                                       k, n, index.rows(), index.exact() ? "exact" : "approximate", search_s);
  tell_made(where, output, what, result);
}

}  // namespace runner::jobs
