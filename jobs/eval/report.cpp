#include "jobs/eval/report.h"

#include "base/log.h"
#include "training/figures_text.h"

namespace runner::jobs {

namespace {

// The model beside what needs no training.
std::string comparison(const char* split, const Json& figures) {
  if (figures.empty()) return "";
  std::vector<std::pair<std::string, Json>> rows{{std::string(split) + ": this model", figures}};
  for (const auto& [name, baseline] : figures.at("baselines").items())
    rows.emplace_back("  " + name, baseline);
  rows.emplace_back("  chance", figures.at("chance"));
  return fmt::format("\n{}gain {} over {}\n", lvm::figure_table(rows), lvm::figure(figures, "gain", 4),
                     figures.at("best_baseline").get<std::string>());
}

std::string cell(const Json& split, const std::string& key) {
  if (!split.contains(key)) return "";
  const Json& value = split.at(key);
  if (value.is_null()) return "-";
  return value.is_number_integer() ? std::to_string(value.get<std::int64_t>())
                                   : fmt::format("{:.4f}", value.get<double>());
}

}  // namespace

std::string eval_table(const Json& val, const Json& ood, const std::vector<lvm::cat::Gate>& gates) {
  std::string text =
      fmt::format("{:<20}{:>10}{:>10}\n", "5CAT", val.empty() ? "" : "VAL", ood.empty() ? "" : "OOD");
  const Json& keys = val.empty() ? ood : val;
  for (const auto& [key, unused] : keys.items()) {
    if (key.find(':') == std::string::npos) continue;  // no figure of 5CAT
    text += fmt::format("{:<20}{:>10}{:>10}\n", key, cell(val, key), cell(ood, key));
  }
  text += comparison("VAL", val) + comparison("OOD", ood) + "\n";
  for (const auto& gate : gates) {
    const std::string value = gate.value.is_number() ? fmt::format("{:.4f}", gate.value.get<double>()) : "-";
    text += fmt::format("{:<6}{:<26}{:>10}  {:<9}{}\n", gate.passed ? "pass" : "FAIL", gate.name, value,
                        gate.limit, gate.reason.empty() ? "" : "  (" + gate.reason + ")");
  }
  return text;
}

}  // namespace runner::jobs
