#include "five_cat/five_cat_gates.h"

#include <algorithm>
#include <cmath>

#include "base/log.h"

namespace runner::lvm::five_cat {

namespace {

struct Limit {
  const char* test;
  const char* key;  // "": the true offset of A, "D": the roll-out
  bool at_least;
  double val, ood;
};
constexpr Limit kLimits[] = {
    {"A", "A:true", true, 0.50, 0.48},        {"A", "A:margin", true, 0.12, 0.10},
    {"B", "B:R@1", true, 0.60, 0.55},         {"B", "B:R@5", true, 0.95, 0.92},
    {"B", "B:MRR", true, 0.80, 0.75},         {"C", "C:shuffled", false, -0.15, -0.15},
    {"C", "C:reverse", false, -0.10, -0.10},  {"C", "C:loo_avg", false, -0.08, -0.08},
    {"C", "C:repeat_pad", false, 0.05, 0.05}, {"C", "C:cross_article", false, 0.05, 0.05},
    {"D", "D:avg_cos", true, 0.45, 0.42},
};
constexpr double kSlack = 1e-6;         // of the upper limits
constexpr double kLargestShift = 0.05;  // of E's normal windows between VAL and OOD

TestGate gate_of(const Limit& limit, const SplitReport& split, const std::string& key, double bound) {
  TestGate gate{limit.test, split.mean(key), fmt::format("{} {}", limit.at_least ? ">=" : "<=", bound), false,
                ""};
  if (!gate.value)
    gate.reason = "no usable row";
  else
    gate.passed = limit.at_least ? *gate.value >= bound : *gate.value <= bound + kSlack;
  return gate;
}

TestGate shift_gate(const SplitReport& val, const SplitReport& ood) {
  TestGate gate{"E", std::nullopt, fmt::format("<= {}", kLargestShift), false, ""};
  const std::optional<double> normal_val = val.mean("E:normal_mean"), normal_ood = ood.mean("E:normal_mean");
  if (!normal_val || !normal_ood) {
    gate.reason =
        fmt::format("no window of {} has a mean adjacent cosine in [0.45, 0.55]", normal_val ? "OOD" : "VAL");
    return gate;
  }
  gate.value = std::abs(*normal_val - *normal_ood);
  gate.passed = *gate.value <= kLargestShift;
  return gate;
}

}  // namespace

NamedList<TestGate> judge(const std::optional<SplitReport>& val, const std::optional<SplitReport>& ood,
                          const std::string& rollout_key, bool legacy) {
  NamedList<TestGate> gates;
  for (const auto& limit : kLimits) {
    const std::string key = std::string(limit.key) == "A:true"      ? (legacy ? "A:k=1" : "A:k=0")
                            : std::string(limit.key) == "D:avg_cos" ? rollout_key
                                                                    : limit.key;
    if (val) gates.emplace_back("VAL " + key, gate_of(limit, *val, key, limit.val));
    if (ood) gates.emplace_back("OOD " + key, gate_of(limit, *ood, key, limit.ood));
  }
  if (val && ood) gates.emplace_back("E:normal |VAL - OOD|", shift_gate(*val, *ood));
  return gates;
}

bool all_passed(const NamedList<TestGate>& gates) {
  return std::all_of(gates.begin(), gates.end(), [](const auto& gate) { return gate.second.passed; });
}

}  // namespace runner::lvm::five_cat
