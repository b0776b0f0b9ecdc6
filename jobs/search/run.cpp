#include "jobs/search/run.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/time.h"
#include "data/content_hash.h"
#include "data/formats/records/record_writer.h"
#include "data/formats/values.h"
#include "index/build/memory_limit.h"
#include "index/build/unit_rows.h"
#include "index/shards/index_pieces.h"
#include "jobs/job_type.h"
#include "jobs/record_output.h"
#include "jobs/search/options.h"
#include "jobs/search/parts.h"
#include "jobs/search/titles.h"
#include "jobs/voice.h"

namespace runner::jobs {
namespace {

using Clock = std::chrono::steady_clock;

void expect_width(const data::Vectors& queries, const ann::IndexPieces& index, const SearchOptions& options) {
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

// Arrays ids and scores, [queries, k], and in text the rows' titles, if there are some. Returns the name that
// the file has.
std::string write(const RecordOutput& output, const ann::Neighbours& found,
                  const std::vector<std::string>& titles, IfTaken if_taken) {
  status::set_phase("write the neighbours");
  std::vector<data::Column> columns = {{"ids", data::DType::i64, found.k, "id"},
                                       {"scores", data::DType::f32, found.k, "score"}};
  std::vector<const void*> values = {found.ids.data(), found.scores.data()};
  if (!titles.empty()) {
    columns.push_back({"titles", data::DType::i64, found.k, "title", &titles});
    values.push_back(found.ids.data());
  }
  data::RecordWriter writer(output.path, output.format, std::move(columns), found.queries, "query", if_taken);
  writer.append(found.queries, values);
  writer.finish();
  return writer.target();
}

// What --shard and --merge say: nothing when the search is not done in parts.
std::optional<ann::Shard> wanted_part(const Arguments& arguments, const RecordOutput& output) {
  const bool merges = arguments.merge, part = arguments.shard.has_value();
  if (merges && part) throw UsageError("--shard and --merge are different things to do: give one", "--merge");
  if ((merges || part) && output.is_stdout())
    throw UsageError("a search in parts keeps them beside a file: name one with --output", "output");
  if (!part) return std::nullopt;
  return ann::parse_shard(*arguments.shard);
}

SearchIdentity identity_of(const ann::IndexPieces& index, const std::vector<float>& queries, std::int64_t n,
                           std::int64_t k) {
  data::ContentHash hash;
  hash.update(queries.data(), queries.size() * sizeof(float));
  return {index.identity(), hash.hex(), n, k, index.rows()};
}

ann::Neighbours search_pieces(const ann::IndexPieces& index, const std::vector<float>& queries,
                              std::int64_t n, std::int64_t k) {
  status::set_phase("search");
  Progress progress("search", index.searched_rows() * ann::passes(n), "rows");
  ann::Neighbours found =
      index.search(queries.data(), n, k, [&](std::int64_t done) { progress.update(done); });
  index.expect_unchanged();
  return found;
}

report::Block header_of(const JobContext& context, const SearchOptions& options,
                        const ann::IndexPieces& index, const std::string& output) {
  report::Block block;
  std::vector<std::string> files{options.index};
  files.insert(files.end(), options.queries.begin(), options.queries.end());
  block.add("search", std::move(files));
  block.add("index", {fmt::format("{} vectors of width {}", index.rows(), index.width()),
                      to_word(index.metric()), index.exact() ? "exact" : "approximate"});
  block.add("device", compute_parts(context.launch, "cpu"));
  block.add("output", {output});
  return block;
}

}  // namespace

void run_search(const JobContext& context, JobResult& result) {
  const auto options = options_of<SearchOptions>(context);
  const auto start = Clock::now();
  const RecordOutput where = record_output(options.format, options.output, options.default_output);
  const std::optional<ann::Shard> part = wanted_part(context.arguments, where);
  const bool merges = context.arguments.merge;
  const ann::IndexPieces index(options.index, part);
  const double open_s = seconds_since(start);
  const data::Vectors vectors(options.queries, data::Columns::none);
  expect_width(vectors, index, options);
  const std::int64_t n = vectors.rows(), width = vectors.width(), k = neighbours_of(options, index.rows());
  refuse_what_will_not_fit(vectors, k);
  std::vector<std::string> titles;
  if (options.titles && !part) titles = read_titles(*options.titles, options.index, index);
  tell_header(header_of(context, options, index, where.path));
  const std::vector<float> queries = read_queries(vectors, options, index.metric());
  const SearchIdentity identity = identity_of(index, queries, n, k);
  const auto search_start = Clock::now();
  const ann::Neighbours found =
      merges ? merge_search_parts(where.path, identity, index.metric()) : search_pieces(index, queries, n, k);
  const double search_s = seconds_since(search_start);
  if (!titles.empty()) expect_titles(titles, *options.titles, found);
  const std::string output = part ? write_search_part(where.path, *part, identity, found)
                                  : write(where, found, titles, if_taken(context));
  if (merges) remove_search_parts(where.path);
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
  if (part) {
    result.result["shard"] = to_string(*part);
    result.result["searched_rows"] = index.searched_rows();
  }
  report::Block made;
  made.add("search", {fmt::format("{} neighbours of each of {} queries", k, n),
                      fmt::format("among {} vectors", part ? index.searched_rows() : index.rows()),
                      index.exact() ? "exact" : "approximate"});
  if (part) made.add("part", {to_string(*part), "--merge makes one of all"});
  made.add("time",
           {fmt::format("{:.2f} s", seconds_since(start)), fmt::format("searched in {:.3f} s", search_s)});
  tell_made(context, where, output, std::move(made), result);
}

}  // namespace runner::jobs
