#include "jobs/eval/report.h"

#include "base/log.h"
#include "report/figures_text.h"

namespace runner::jobs {

namespace {

// The model beside what needs no training.
std::string comparison(const char* name, const std::optional<SplitReport>& split, std::size_t width) {
  if (!split) return "";
  NamedList<NamedList<double>> rows{{std::string(name) + ": this model", numbers_of(split->model)}};
  for (const auto& [baseline, figures] : split->baselines)
    rows.emplace_back("  " + baseline, figures ? numbers_of(*figures) : NamedList<double>());
  rows.emplace_back("  chance", numbers_of(split->chance));
  return fmt::format("\n{}gain      {:+.4f} over {}\n", report::figure_table(rows, width), split->gain,
                     split->best_baseline);
}

std::string cell(const std::optional<SplitReport>& split, const std::string& key) {
  const TestFigure* figure = split ? find_named(split->tests, key) : nullptr;
  if (figure == nullptr) return "";
  if (!figure->has_value()) return "-";
  const auto* count = std::get_if<std::int64_t>(&**figure);
  return count != nullptr ? std::to_string(*count) : fmt::format("{:.4f}", std::get<double>(**figure));
}

}  // namespace

std::string eval_table(const EvalReport& report, std::size_t width) {
  const auto& [val, ood] = std::tie(report.val, report.ood);
  std::string text = fmt::format("{:<20}{:>10}{:>10}\n", "5CAT", val ? "VAL" : "", ood ? "OOD" : "");
  if (val || ood)
    for (const auto& [key, unused] : val ? val->tests : ood->tests)
      text += fmt::format("{:<20}{:>10}{:>10}\n", key, cell(val, key), cell(ood, key));
  text += comparison("VAL", val, width) + comparison("OOD", ood, width) + "\n";
  for (const auto& [name, gate] : report.gates)
    text += fmt::format("{:<6}{:<26}{:>10}  {:<9}{}\n", gate.passed ? "pass" : "FAIL", name,
                        gate.value ? fmt::format("{:.4f}", *gate.value) : "-", gate.limit,
                        gate.reason.empty() ? "" : "  (" + gate.reason + ")");
  return text;
}

}  // namespace runner::jobs
