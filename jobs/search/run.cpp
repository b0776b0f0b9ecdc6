#include "jobs/search/run.h"

#include <chrono>

#include "ann/search.h"
#include "ann/unit_rows.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "data/npz_writer.h"
#include "jobs/job_type.h"
#include "jobs/search/options.h"

namespace runner::jobs {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<float> read_queries(const SearchOptions& options) {
  status::set_phase("read the queries");
  const data::Vectors queries(options.queries);
  std::vector<float> values(static_cast<std::size_t>(queries.rows() * queries.width()));
  queries.read_rows(0, queries.rows(), values.data());
  ann::make_unit_rows_parallel(values.data(), queries.rows(), queries.width(), options.normalize,
                               options.queries[0].c_str(), 0);
  return values;
}

// Returns the name that the file has.
std::string write(const SearchOptions& options, const ann::Neighbours& found, IfTaken if_taken) {
  status::set_phase("write the neighbours");
  data::NpzWriter writer(options.output, data::Compression::stored, if_taken);
  writer.write("ids", data::DType::i64, {found.queries, found.k}, found.ids.data());
  writer.write("scores", data::DType::f32, {found.queries, found.k}, found.scores.data());
  writer.finish();
  return writer.target().string();
}

}  // namespace

void run_search(const JobContext& context, JobResult& result) {
  const auto options = read_options<SearchOptions>(context.config);
  const auto start = Clock::now();
  const ann::OpenIndex index = ann::open_index(options.index);
  const double open_s = seconds_since(start);
  const std::vector<float> queries = read_queries(options);
  if (queries.empty() || index.width() <= 0)
    throw DataError("there is nothing to search for", options.queries[0]);
  const std::int64_t width = data::Vectors(options.queries).width();
  if (width != index.width())
    throw DataError(fmt::format("queries of width {}, and the index {} holds vectors of width {}", width,
                                options.index, index.width()),
                    options.queries[0]);
  const auto n = static_cast<std::int64_t>(queries.size()) / width;
  const auto search_start = Clock::now();
  status::set_phase("search");
  ann::Neighbours found;
  {
    Progress progress("search", index.rows() * ann::passes(n), "rows");
    found = index.search(queries.data(), n, options.k, [&](std::int64_t done) { progress.update(done); });
  }
  const double search_s = seconds_since(search_start);
  const std::string output = write(options, found, if_taken(context));
  result.result = {{"output", output},
                   {"index", options.index},
                   {"queries", n},
                   {"k", options.k},
                   {"ntotal", index.rows()},
                   {"dimension", width},
                   {"exact", index.exact()},
                   {"open_s", open_s},
                   {"search_s", search_s},
                   {"wall_s", seconds_since(start)},
                   {"rss_mb", peak_memory_mb()}};
  result.summary =
      fmt::format("{}: {} neighbours of each of {} queries among {} vectors, {} in {:.3f} s", output,
                  options.k, n, index.rows(), index.exact() ? "exact" : "approximate", search_s);
}

}  // namespace runner::jobs
