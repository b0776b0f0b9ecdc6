#include "report/training_sections.h"

#include <algorithm>

#include "base/json_file.h"
#include "base/log.h"
#include "base/progress.h"
#include "report/figures_text.h"
#include "report/html.h"

namespace runner::report {
namespace {

constexpr std::size_t most_rows = 200;

std::vector<Mark> marks_of(const TrainingHistory& history) {
  std::vector<Mark> marks;
  if (const EpochRecord* best = best_epoch(history))
    marks.push_back({fmt::format("best epoch {}", best->epoch), static_cast<double>(best->epoch)});
  for (const EventRecord& event : history.events)
    marks.push_back({fmt::format("step {}: {}", event.step, event.what), static_cast<double>(event.epoch)});
  return marks;
}

std::vector<std::string> headings_of(const char* first) {
  std::vector<std::string> headings{first};
  for (const auto& [key, heading] : figure_columns()) headings.emplace_back(heading);
  return headings;
}

std::vector<std::string> figures_row(const std::string& name, const NamedList<double>& figures) {
  std::vector<std::string> row{name};
  for (const auto& [key, heading] : figure_columns()) row.push_back(figure(figures, key, 4));
  return row;
}

// "<what> at <unit>" of a number that a result may not have.
std::string number_of(const Json& result, const char* key, const char* format) {
  const Json& value = member_in(result, key);
  return value.is_number() ? fmt::format(fmt::runtime(format), value.get<double>()) : "";
}

std::string test_figure(const Json& value) {
  if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
  return value.is_number() ? fmt::format("{:.4f}", value.get<double>()) : "–";
}

}  // namespace

Series series_of(const TrainingHistory& history, const char* key, const std::string& name) {
  Series series{name, {}};
  for (const EpochRecord& epoch : history.history) {
    const NamedList<double> numbers = numbers_of(epoch);
    if (const double* value = find_named(numbers, key))
      series.points.push_back({static_cast<double>(epoch.epoch), *value});
  }
  return series;
}

const EpochRecord* best_epoch(const TrainingHistory& history) {
  const auto& epochs = history.history;
  const auto best = std::min_element(epochs.begin(), epochs.end(),
                                     [](const auto& a, const auto& b) { return a.val_loss < b.val_loss; });
  return best == epochs.end() ? nullptr : &*best;
}

std::string summary_section(const ReportedRun& run) {
  const Json& manifest = run.manifest;
  const Json& result = member_in(manifest, "result");
  std::vector<std::pair<std::string, std::string>> pairs{{"outcome", text_in(manifest, "outcome")},
                                                         {"error", text_in(manifest, "error")}};
  if (const EpochRecord* best = best_epoch(run.history)) {
    pairs.emplace_back("best epoch",
                       fmt::format("{} of {}: validation loss {:.6f}, cosine {:.4f}", best->epoch,
                                   run.history.history.back().epoch, best->val_loss, best->val_cosine));
    if (!run.history.baselines.best.empty())
      pairs.emplace_back("gain", fmt::format("{:+.4f} of the cosine over {}, the best baseline", best->gain,
                                             run.history.baselines.best));
  }
  pairs.emplace_back("advice", text_in(result, "advice"));
  const std::string steps = number_of(result, "steps", "{:.0f} steps"),
                    rate = number_of(result, "samples_per_second", "{:.0f} samples/s"),
                    seconds = member_in(result, "wall_s").is_number()
                                  ? format_duration(number_in(result, "wall_s"))
                                  : std::string();
  std::string speed;
  for (const std::string& part : {steps, rate, seconds})
    if (!part.empty()) speed += (speed.empty() ? "" : ", ") + part;
  pairs.emplace_back("work", speed);
  pairs.emplace_back("peak memory", number_of(result, "rss_mb", "{:.0f} MB"));
  std::string device;
  for (const char* key : {"device", "precision"})
    if (!text_in(result, key).empty()) device += (device.empty() ? "" : ", ") + text_in(result, key);
  if (!text_in(manifest, "engine").empty())
    device += (device.empty() ? "" : ", ") + text_in(manifest, "engine") + " engine";
  pairs.emplace_back("device", device);
  pairs.emplace_back("started", text_in(manifest, "started"));
  pairs.emplace_back("ended", text_in(manifest, "ended"));
  pairs.emplace_back("folder", run.folder.string());
  return facts(pairs);
}

std::string curves_section(const ReportedRun& run) {
  const TrainingHistory& history = run.history;
  std::vector<Level> level;
  if (const Figures* best = find_named(history.baselines.figures, history.baselines.best))
    level.push_back({"best baseline", best->val_cosine});
  std::vector<Chart> all;
  const auto add = [&](const char* title, std::initializer_list<const char*> keys,
                       std::vector<Level> levels = {}, bool log_y = false) {
    Chart chart{title, "epoch", {}, std::move(levels), marks_of(history), log_y};
    for (const char* key : keys) chart.series.push_back(series_of(history, key, key));
    all.push_back(std::move(chart));
  };
  add("Loss (logarithmic)", {"train_loss", "val_loss"}, {}, true);
  add("Cosine to the target", {"train_cosine", "val_cosine"}, level);
  add("Margin over the last context vector", {"margin"});
  add("Rank of the target within its article", {"r_at_1", "r_at_5"});
  add("Rank among the article's rows outside the context", {"new_r_at_1", "new_r_at_5"});
  add("Directional term", {"rho", "confidence"});
  add("Learning rate", {"lr"});
  add("Speed, samples per second", {"samples_per_second"});
  return section("Curves", charts(all));
}

std::string baselines_section(const ReportedRun& run) {
  const EpochRecord* best = best_epoch(run.history);
  const BaselineFigures& baselines = run.history.baselines;
  if (best == nullptr || baselines.best.empty()) return "";
  std::vector<std::vector<std::string>> rows{
      figures_row(fmt::format("this model, epoch {}", best->epoch), numbers_of(*best))};
  for (const auto& [name, figures] : baselines.figures)
    rows.push_back(figures_row(name, numbers_of(figures)));
  rows.push_back(figures_row("chance", numbers_of(baselines.chance)));
  return section("Beside what needs no training", table(headings_of("validation split"), rows));
}

std::string epochs_section(const ReportedRun& run) {
  static const std::vector<std::pair<const char*, int>> columns{
      {"train_loss", 6}, {"val_loss", 6}, {"val_cosine", 4}, {"gain", 4},       {"margin", 4},
      {"r_at_1", 4},     {"r_at_5", 4},   {"new_r_at_1", 4}, {"new_r_at_5", 4}, {"samples_per_second", 0}};
  const auto& epochs = run.history.history;
  const std::size_t first = epochs.size() > most_rows ? epochs.size() - most_rows : 0;
  std::vector<std::vector<std::string>> rows;
  const EpochRecord* best = best_epoch(run.history);
  for (std::size_t i = first; i < epochs.size(); ++i) {
    const NamedList<double> numbers = numbers_of(epochs[i]);
    auto& row = rows.emplace_back(
        std::vector{fmt::format("{}{}", epochs[i].epoch, &epochs[i] == best ? " (best)" : "")});
    for (const auto& [key, digits] : columns) row.push_back(figure(numbers, key, digits));
  }
  return section(first == 0 ? "Epochs" : fmt::format("The last {} of {} epochs", most_rows, epochs.size()),
                 table({"epoch", "train loss", "val loss", "val cosine", "gain", "margin", "R@1", "R@5",
                        "new R@1", "new R@5", "samples/s"},
                       rows));
}

std::string gates_section(const ReportedRun& run) {
  const Json& gates = member_in(member_in(run.manifest, "result"), "gates");
  std::vector<std::vector<std::string>> rows;
  if (gates.is_object())
    for (const auto& [name, gate] : gates.items())
      rows.push_back({name, number_of(gate, "value", "{:.4f}"), number_of(gate, "limit", "{:.4f}"),
                      flag_in(gate, "passed") ? "pass" : "FAIL"});
  return section("Gates", table({"gate", "value", "limit", ""}, rows));
}

std::string events_section(const ReportedRun& run) {
  std::vector<std::pair<std::string, std::string>> events;
  for (const EventRecord& event : run.history.events)
    events.emplace_back(fmt::format("step {}, epoch {}", event.step, event.epoch), event.what);
  return section("Events", facts(events));
}

std::string evaluations_section(const ReportedRun& run) {
  std::string out;
  for (const Json& report : run.evaluations) {
    const Json& val = member_in(report, "VAL");
    const Json& ood = member_in(report, "OOD");
    std::vector<std::vector<std::string>> rows;
    for (const auto& [test, value] : (val.is_object() ? val : ood).items())
      if (test.find(':') != std::string::npos)
        rows.push_back(
            {test, test_figure(member_in(val, test.c_str())), test_figure(member_in(ood, test.c_str()))});
    out +=
        section("5CAT, " + text_in(report, "output", "an evaluation"), table({"test", "VAL", "OOD"}, rows));
    std::vector<std::vector<std::string>> gates;
    const Json& judged = member_in(report, "gates");
    if (judged.is_object())
      for (const auto& [name, gate] : judged.items())
        gates.push_back({name, test_figure(member_in(gate, "value")), text_in(gate, "limit"),
                         (flag_in(gate, "passed") ? "pass" : "FAIL") +
                             (text_in(gate, "reason").empty() ? "" : ": " + text_in(gate, "reason"))});
    out += table({"gate", "value", "limit", ""}, gates);
  }
  return out;
}

}  // namespace runner::report
