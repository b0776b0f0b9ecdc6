#include "jobs/predict/neighbours.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/json_file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/status.h"
#include "base/time.h"
#include "data/formats/numpy/npz.h"
#include "data/input_watch.h"
#include "data/samples/row_table.h"
#include "index/reading/search.h"
#include "jobs/job_type.h"
#include "jobs/predict/handed_over.h"
#include "jobs/predict/options.h"
#include "jobs/predict/row_numbers.h"
#include "jobs/record_output.h"

namespace runner::jobs {
namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t queries_a_piece = 4096;        // what one pass of an exact search takes
constexpr std::int64_t neighbours_a_piece = 4 << 20;  // 48 MB

// Rows first … of an int64 array whose rows hold `width` numbers; as many as `out` has room for.
void read_numbers(const data::Array& array, std::int64_t first, std::int64_t width,
                  std::vector<std::int64_t>& out) {
  array.bytes->read(static_cast<std::uint64_t>(first * width) * sizeof(std::int64_t), out.data(),
                    out.size() * sizeof(std::int64_t));
}

// The nearest k of each query's that are no rows of its own context, [queries, length]; returns how many were
// left out. Of k + length found, k remain.
std::int64_t without_context(const ann::Neighbours& found, const std::vector<std::int64_t>& context_rows,
                             std::int64_t length, ann::Neighbours& out) {
  std::int64_t left_out = 0;
  for (std::int64_t q = 0; q < found.queries; ++q) {
    const auto own = context_rows.begin() + static_cast<std::ptrdiff_t>(q * length);
    std::int64_t taken = 0;
    for (std::int64_t i = q * found.k; i < (q + 1) * found.k && taken < out.k; ++i) {
      const std::int64_t id = found.ids[static_cast<std::size_t>(i)];
      if (id >= 0 && std::find(own, own + static_cast<std::ptrdiff_t>(length), id) !=
                         own + static_cast<std::ptrdiff_t>(length)) {
        ++left_out;
        continue;
      }
      const auto place = static_cast<std::size_t>(q * out.k + taken++);
      out.ids[place] = id;
      out.scores[place] = found.scores[static_cast<std::size_t>(i)];
    }
  }
  return left_out;
}

// Whether a context's own rows are known among the ids.
bool excludes(const PredictOptions& options, bool of_vectors, const ann::OpenIndex& index) {
  if (!options.exclude_context) return false;
  const std::string why = of_vectors ? no_row_numbers(options.index, index.rows(), options.inputs)
                                     : "the input holds ready contexts, which are no rows of it";
  if (why.empty()) return true;
  spdlog::info("{}: neighbours that are rows of the context are not left out: {}", options.index, why);
  return false;
}

}  // namespace

void run_predict_neighbours(const JobContext& context, JobResult& result) {
  const auto options = options_of<PredictOptions>(context);
  const auto start = Clock::now();
  const std::string& exchange = context.arguments.exchange;
  const fs::path handed = handed_result(exchange);
  auto told = record_from<PredictionResult>(read_json_file(handed), handed.string());
  const data::Npz file(handed_predictions(exchange));
  const data::RowTable predictions(file.array("predictions"), 2);
  const data::Array articles = file.array("article"), last_rows = file.array("last_row");
  data::InputWatch watch(options.inputs);
  const std::int64_t count = predictions.rows(), width = predictions.width();

  status::set_phase("open the index");
  const ann::OpenIndex index = ann::open_index(options.index);
  if (index.width() != width)
    throw DataError(fmt::format("holds vectors of width {}; the predictions' is {}", index.width(), width),
                    options.index);
  const std::int64_t k = std::min(options.k, index.rows());
  if (k < options.k)
    spdlog::warn("k: {} neighbours are wanted, and {} holds {} vectors: {} a prediction", options.k,
                 options.index, index.rows(), k);
  const bool exclude = excludes(options, told.of_vectors.value_or(false), index);
  const std::int64_t length = exclude ? told.context : 0;
  const data::Array context_rows = exclude ? file.array("context_rows") : data::Array();

  status::set_phase("search");
  const RecordOutput output = record_output(options.format, options.output, options.default_output);
  data::RecordWriter writer(output.path, output.format, prediction_columns(width, k), count, nullptr,
                            if_taken(context));
  Progress progress("search", count, "predictions");
  const auto search_start = Clock::now();
  std::vector<float> queries;
  std::vector<std::int64_t> article, last_row, own_rows;
  std::int64_t left_out = 0;
  const std::int64_t piece = std::clamp<std::int64_t>(neighbours_a_piece / (k + length), 1, queries_a_piece);
  for (std::int64_t first = 0; first < count; first += piece) {
    const std::int64_t n = std::min(piece, count - first);
    if (const int signal = stop_signal())
      throw Interrupted(signal,
                        "stopped while searching; nothing was left behind, a file of that name is as it was");
    queries.resize(static_cast<std::size_t>(n * width));
    article.resize(static_cast<std::size_t>(n));
    last_row.resize(static_cast<std::size_t>(n));
    predictions.read(first, n, queries.data());
    predictions.release(first, n);
    read_numbers(articles, first, 1, article);
    read_numbers(last_rows, first, 1, last_row);
    ann::Neighbours found = index.search(queries.data(), n, k + length);
    if (exclude) {
      ann::Neighbours rest{n, k, std::vector<float>(static_cast<std::size_t>(n * k)),
                           std::vector<std::int64_t>(static_cast<std::size_t>(n * k))};
      own_rows.resize(static_cast<std::size_t>(n * length));
      read_numbers(context_rows, first, length, own_rows);
      left_out += without_context(found, own_rows, length, rest);
      found = std::move(rest);
    }
    writer.append(n,
                  {queries.data(), article.data(), last_row.data(), found.ids.data(), found.scores.data()});
    status::beat();
    progress.update(first + n);
  }
  const double search_s = seconds_since(search_start);
  index.expect_unchanged();
  watch.check();
  status::set_phase("flush to disk");
  writer.finish();

  told.output = writer.target();
  told.of_vectors.reset();
  told.neighbours =
      NeighbourFigures{options.index, index.rows(), k, index.exact(), exclude, left_out, search_s};
  told.wall_s += seconds_since(start);
  told.rss_mb = std::max(told.rss_mb, peak_memory_mb());
  result.result = told;
  report::Block made;
  made.add("predict", {fmt::format("{} predictions of width {}", count, width),
                       fmt::format("each with its {} nearest of {} vectors", k, index.rows()),
                       exclude ? "its own context's rows left out" : ""});
  made.add("time", {fmt::format("{:.2f} s", told.wall_s), fmt::format("searched in {:.3f} s", search_s)});
  tell_made(context, output, writer.target(), std::move(made), result);
}

}  // namespace runner::jobs
