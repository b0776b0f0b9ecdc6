#include "report/figures_text.h"

#include "base/log.h"

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

std::string figure_table(const NamedList<NamedList<double>>& rows) {
  std::string text = fmt::format("{:<22}", "");
  for (const auto& [key, heading] : figure_columns()) text += fmt::format("{:>11}", heading);
  text += "\n";
  for (const auto& [name, figures] : rows) {
    text += fmt::format("{:<22}", name);
    for (const auto& [key, heading] : figure_columns())
      text += fmt::format("{:>11}", figure(figures, key, 4));
    text += "\n";
  }
  return text;
}

std::string header_of(const BaselineFigures& b) {
  std::string cosines;
  for (const auto& [name, figures] : b.figures)
    cosines += fmt::format("{}{} {:.4f}", cosines.empty() ? "" : ", ", name, figures.val_cosine);
  const NamedList<double> chance = numbers_of(b.chance);
  return fmt::format(
      "baselines on the validation split ({:.1f} s), cosine: {}; gain is over {}. Chance: R@1 {}, R@5 {}, "
      "new "
      "R@1 {}, new R@5 {}, legacy R@5 {}",
      b.seconds, cosines, b.best, figure(chance, "r_at_1", 3), figure(chance, "r_at_5", 3),
      figure(chance, "new_r_at_1", 3), figure(chance, "new_r_at_5", 3), figure(chance, "legacy_r5", 3));
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
