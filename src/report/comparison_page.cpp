#include "report/comparison_page.h"

#include <algorithm>
#include <cmath>

#include "base/json_file.h"
#include "base/log.h"
#include "report/figures_text.h"
#include "report/html.h"
#include "report/training_sections.h"

namespace runner::report {
namespace {

// A run of an unnamed key is told apart from its namesakes by its folder.
std::vector<std::string> names_of(const std::vector<ReportedRun>& runs) {
  std::vector<std::string> names;
  for (const ReportedRun& run : runs) {
    const bool alone = std::count_if(runs.begin(), runs.end(),
                                     [&](const auto& other) { return other.name() == run.name(); }) == 1;
    names.push_back(alone ? run.name() : run.folder.string());
  }
  return names;
}

std::string curves(const std::vector<ReportedRun>& runs, const std::vector<std::string>& names) {
  static const std::vector<std::pair<const char*, const char*>> kinds{
      {"val_loss", "Validation loss (logarithmic)"},
      {"train_loss", "Training loss (logarithmic)"},
      {"val_cosine", "Cosine to the target"},
      {"gain", "Gain over the best baseline"},
      {"margin", "Margin over the last context vector"},
      {"r_at_1", "R@1 within the article"},
      {"r_at_5", "R@5 within the article"},
      {"new_r_at_5", "R@5 among the article's rows outside the context"},
      {"lr", "Learning rate"},
      {"samples_per_second", "Speed, samples per second"}};
  std::vector<Chart> all;
  for (const auto& [key, title] : kinds) {
    Chart chart{title, "epoch", {}, {}, {}, std::string_view(key).ends_with("_loss")};
    for (std::size_t i = 0; i < runs.size(); ++i)
      chart.series.push_back(series_of(runs[i].history, key, names[i]));
    all.push_back(std::move(chart));
  }
  return section("Curves", charts(all));
}

std::string best_figures(const std::vector<ReportedRun>& runs, const std::vector<std::string>& names) {
  std::vector<std::string> headings{"run", "best epoch", "val loss", "gain"};
  for (const auto& [key, heading] : figure_columns()) headings.emplace_back(heading);
  headings.insert(headings.end(), {"samples/s", "outcome"});
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const EpochRecord* best = best_epoch(runs[i].history);
    const NamedList<double> numbers = best != nullptr ? numbers_of(*best) : NamedList<double>();
    std::vector<std::string> row{names[i], figure(numbers, "epoch", 0), figure(numbers, "val_loss", 6),
                                 figure(numbers, "gain", 4)};
    for (const auto& [key, heading] : figure_columns()) row.push_back(figure(numbers, key, 4));
    row.push_back(figure(numbers, "samples_per_second", 0));
    row.push_back(text_in(runs[i].manifest, "outcome", "–"));
    rows.push_back(std::move(row));
  }
  return section("Best epochs", table(headings, rows));
}

// Keys that are not the same in all of them.
std::string differences(const std::vector<ReportedRun>& runs, const std::vector<std::string>& names) {
  std::vector<std::string> keys;
  for (const ReportedRun& run : runs)
    for (const auto& [key, value] : run.settings)
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  std::vector<std::vector<std::string>> rows;
  for (const std::string& key : keys) {
    std::vector<std::string> row{key};
    for (const ReportedRun& run : runs) {
      const std::string* value = find_named(run.settings, key);
      row.push_back(value != nullptr ? *value : "–");
    }
    if (std::any_of(row.begin() + 2, row.end(), [&](const std::string& value) { return value != row[1]; }))
      rows.push_back(std::move(row));
  }
  std::vector<std::string> headings{"key"};
  headings.insert(headings.end(), names.begin(), names.end());
  return section("What differs in their configurations", table(headings, rows));
}

}  // namespace

std::string comparison_page(const std::vector<ReportedRun>& runs) {
  const std::vector<std::string> names = names_of(runs);
  return page(fmt::format("{} runs", runs.size()),
              best_figures(runs, names) + curves(runs, names) + differences(runs, names));
}

}  // namespace runner::report
