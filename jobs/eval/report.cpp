#include "jobs/eval/report.h"

#include "base/log.h"

namespace runner::jobs {

namespace {

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
  for (const auto& [key, unused] : keys.items())
    text += fmt::format("{:<20}{:>10}{:>10}\n", key, cell(val, key), cell(ood, key));
  text += "\n";
  for (const auto& gate : gates) {
    const std::string value = gate.value.is_number() ? fmt::format("{:.4f}", gate.value.get<double>()) : "-";
    text += fmt::format("{:<6}{:<26}{:>10}  {:<9}{}\n", gate.passed ? "pass" : "FAIL", gate.name, value,
                        gate.limit, gate.reason.empty() ? "" : "  (" + gate.reason + ")");
  }
  return text;
}

}  // namespace runner::jobs
