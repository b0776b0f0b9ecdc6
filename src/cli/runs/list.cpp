#include "cli/runs/list.h"

#include <algorithm>

#include "base/log.h"
#include "base/printable.h"
#include "base/progress.h"
#include "base/time.h"
#include "base/utf8.h"
#include "report/place_table.h"

namespace runner::cli {
namespace {

std::string figure_or_dash(const std::optional<double>& value, const char* format) {
  return value ? fmt::format(fmt::runtime(format), *value) : "–";
}

// A foreign manifest may hold any text.
std::string cell(const std::string& text) {
  return first_columns(printable(text, LineBreaks::escape), 16);
}

report::PlaceRow row_of(const PastRun& run) {
  const auto seconds = run.seconds();
  return {{cell(minute_of(run.started())), cell(run.text("job")), cell(run.outcome()),
           seconds ? format_duration(*seconds) : "–", figure_or_dash(run.best(), "{:.4f}"),
           figure_or_dash(run.gain(), "{:+.4f}")},
          printable(run.place.string(), LineBreaks::escape)};
}

// What is not told comes first, so that the best stands at the end, beside the prompt.
template <class Key>
void sort_by(std::vector<PastRun>& runs, const Key& key) {
  std::stable_sort(runs.begin(), runs.end(),
                   [&](const PastRun& a, const PastRun& b) { return key(a) < key(b); });
}

}  // namespace

std::vector<PastRun> chosen_runs(const ListOptions& options) {
  std::vector<PastRun> runs = find_runs(options.folder);
  std::erase_if(runs, [&](const PastRun& run) {
    const bool named = run.text("name").find(options.name) != std::string::npos ||
                       run.place.string().find(options.name) != std::string::npos;
    return (!options.job.empty() && run.text("job") != options.job) ||
           (!options.outcome.empty() && run.outcome() != options.outcome) || !named;
  });
  if (options.sort == RunOrder::best) sort_by(runs, [](const PastRun& run) { return run.best(); });
  if (options.sort == RunOrder::gain) sort_by(runs, [](const PastRun& run) { return run.gain(); });
  if (options.sort == RunOrder::time) sort_by(runs, [](const PastRun& run) { return run.seconds(); });
  if (options.sort == RunOrder::name) sort_by(runs, [](const PastRun& run) { return run.place; });
  if (options.sort == RunOrder::job) sort_by(runs, [](const PastRun& run) { return run.text("job"); });
  if (options.reverse) std::reverse(runs.begin(), runs.end());
  if (options.limit > 0 && runs.size() > options.limit)
    runs.erase(runs.begin(), runs.end() - static_cast<std::ptrdiff_t>(options.limit));
  return runs;
}

std::string run_table(const std::vector<PastRun>& runs, std::size_t width) {
  std::vector<report::PlaceRow> rows;
  rows.reserve(runs.size());
  for (const PastRun& run : runs) rows.push_back(row_of(run));
  return report::place_table(
      {{"STARTED", 9}, {"JOB", 2}, {"OUTCOME", 4}, {"TIME", 1, true}, {"BEST", 5, true}, {"GAIN", 3, true}},
      "RUN", rows, width);
}

Json run_list(const std::vector<PastRun>& runs) {
  const auto or_null = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
  };
  Json all = Json::array();
  for (const PastRun& run : runs)
    all.push_back({{"manifest", run.manifest.string()},
                   {"output", run.place.string()},
                   {"job", run.text("job")},
                   {"name", run.text("name")},
                   {"outcome", run.outcome()},
                   {"started", run.started()},
                   {"seconds", or_null(run.seconds())},
                   {"best", or_null(run.best())},
                   {"gain", or_null(run.gain())}});
  return Json{{"runs", all}};
}

}  // namespace runner::cli
