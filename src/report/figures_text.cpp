#include "report/figures_text.h"

#include <algorithm>

#include "base/log.h"
#include "base/utf8.h"
#include "report/block.h"

namespace runner::report {

std::string figure(const NamedList<double>& figures, const std::string& key, int digits) {
  const double* value = find_named(figures, key);
  if (value == nullptr) return "–";
  return key == "margin" || key == "gain" ? fmt::format("{:+.{}f}", *value, digits)
                                          : fmt::format("{:.{}f}", *value, digits);
}

const std::vector<std::pair<const char*, const char*>>& figure_columns() {
  static const std::vector<std::pair<const char*, const char*>> columns{
      {"val_cosine", "cosine"},  {"margin", "margin"},      {"r_at_1", "R@1"},          {"r_at_5", "R@5"},
      {"new_r_at_1", "new R@1"}, {"new_r_at_5", "new R@5"}, {"legacy_r5", "legacy R@5"}};
  return columns;
}

std::string figure_table(const NamedList<NamedList<double>>& rows, std::size_t width) {
  static constexpr int ranks[] = {9, 6, 2, 3, 5, 8, 1};  // of figure_columns(): which of them stay longest
  std::size_t name_width = 0;
  for (const auto& [name, figures] : rows) name_width = std::max(name_width, columns(name));
  std::vector<TableColumn> shown{{"", name_width, 99}};
  for (std::size_t i = 0; i < figure_columns().size(); ++i) {
    const std::string heading = figure_columns()[i].second;
    shown.push_back({heading, std::max<std::size_t>(8, heading.size() + 1), ranks[i]});
  }
  const Table table(std::move(shown), width);
  std::string text = table.heading();
  for (const auto& [name, figures] : rows) {
    std::vector<std::string> cells{name};
    for (const auto& [key, heading] : figure_columns()) cells.push_back(figure(figures, key, 4));
    text += table.row(cells);
  }
  return text;
}

std::vector<std::string> baseline_parts(const BaselineFigures& baselines) {
  std::vector<std::string> parts;
  for (const auto& [name, figures] : baselines.figures)
    parts.push_back(fmt::format("{} {:.3f}", name, figures.val_cosine));
  return parts;
}

std::string shortfall(const BaselineFigures& b, double val_cosine, bool residual) {
  std::vector<std::string> better;
  for (const auto& [name, figures] : b.figures)
    if (figures.val_cosine > val_cosine)
      better.push_back(fmt::format("{} ({:.4f})", name, figures.val_cosine));
  if (better.empty()) return "";
  const std::string what = fmt::format(
      "With a validation cosine of {:.4f} this model is worse than {}, which learn{} next to nothing. ",
      val_cosine, fmt::join(better, ", "), better.size() == 1 ? "s" : "");
  if (residual)
    return what +
           "It starts at a mixture of its context: give it more epochs, more data or a lower optimizer.lr";
  return what +
         "Take configs/lvm_residual.yaml: its model starts at a weighted mean of the context and learns what "
         "to "
         "add (docs/metrics.md)";
}

}  // namespace runner::report
