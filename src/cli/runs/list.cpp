#include "cli/runs/list.h"

#include <algorithm>

#include "base/log.h"
#include "base/printable.h"
#include "base/progress.h"

namespace runner::cli {
namespace {

std::string cell(const std::string& text, std::size_t width) {
  std::string shown = printable(text, LineBreaks::escape);
  if (shown.size() > width) shown = shown.substr(0, width - 1) + "~";
  return shown + std::string(width - shown.size(), ' ');
}

std::string figure_or_dash(const std::optional<double>& value, const char* format) {
  return value ? fmt::format(fmt::runtime(format), *value) : "–";
}

// Right-aligned; a dash is one column of three bytes.
std::string right(const std::string& text, std::size_t width) {
  const std::size_t columns = text == "–" ? 1 : text.size();
  return std::string(columns < width ? width - columns : 0, ' ') + text;
}

// "2026-11-29T21:46:53+0000" → "2026-11-29 21:46".
std::string minute(const std::string& iso) {
  return iso.size() < 16 ? iso : iso.substr(0, 10) + " " + iso.substr(11, 5);
}

std::string row_figures(const PastRun& run) {
  const auto seconds = run.seconds();
  return fmt::format("{} {} {} {} {} {}", cell(minute(run.started()), 16), cell(run.text("job"), 9),
                     cell(run.outcome(), 13), right(seconds ? format_duration(*seconds) : "–", 8),
                     right(figure_or_dash(run.best(), "{:.4f}"), 7),
                     right(figure_or_dash(run.gain(), "{:+.4f}"), 7));
}

std::string shown_place(const PastRun& run) {
  return printable(run.place.string(), LineBreaks::escape);
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
  const std::string heading = "STARTED          JOB       OUTCOME           TIME    BEST    GAIN";
  const bool beside = width == 0 || std::all_of(runs.begin(), runs.end(), [&](const PastRun& run) {
                        return heading.size() + 1 + shown_place(run).size() <= width;
                      });
  std::string text = fmt::format("{}{}\n", heading, beside ? " RUN" : "");
  for (const PastRun& run : runs)
    text += fmt::format("{}{}{}\n", row_figures(run), beside ? " " : "\n  ", shown_place(run));
  return text;
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
