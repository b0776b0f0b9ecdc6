#include "five_cat/five_cat_gates.h"

#include <algorithm>
#include <cmath>

#include "base/log.h"

namespace runner::lvm::cat {

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

Gate gate_of(const Limit& limit, const std::string& split, const Json& figures, const std::string& key,
             double bound) {
  Gate gate{limit.test, split + " " + key,
            nullptr,    fmt::format("{} {}", limit.at_least ? ">=" : "<=", bound),
            false,      ""};
  if (figures.contains(key)) gate.value = figures.at(key);
  if (!gate.value.is_number()) {
    gate.reason = "no usable row";
    return gate;
  }
  const double value = gate.value.get<double>();
  gate.passed = limit.at_least ? value >= bound : value <= bound + kSlack;
  return gate;
}

Gate shift_gate(const Json& val, const Json& ood) {
  Gate gate{"E", "E:normal |VAL - OOD|", nullptr, fmt::format("<= {}", kLargestShift), false, ""};
  for (const auto* split : {&val, &ood}) {
    if (split->at("E:normal_mean").is_number()) continue;
    gate.reason = fmt::format("no window of {} has a mean adjacent cosine in [0.45, 0.55]",
                              split == &val ? "VAL" : "OOD");
    return gate;
  }
  const double shift =
      std::abs(val.at("E:normal_mean").get<double>() - ood.at("E:normal_mean").get<double>());
  gate.value = shift;
  gate.passed = shift <= kLargestShift;
  return gate;
}

}  // namespace

std::vector<Gate> judge(const Json& val, const Json& ood, const std::string& rollout_key, bool legacy) {
  std::vector<Gate> gates;
  for (const auto& limit : kLimits) {
    const std::string key = std::string(limit.key) == "A:true"      ? (legacy ? "A:k=1" : "A:k=0")
                            : std::string(limit.key) == "D:avg_cos" ? rollout_key
                                                                    : limit.key;
    if (!val.empty()) gates.push_back(gate_of(limit, "VAL", val, key, limit.val));
    if (!ood.empty()) gates.push_back(gate_of(limit, "OOD", ood, key, limit.ood));
  }
  if (!val.empty() && !ood.empty()) gates.push_back(shift_gate(val, ood));
  return gates;
}

bool all_passed(const std::vector<Gate>& gates) {
  return std::all_of(gates.begin(), gates.end(), [](const Gate& g) { return g.passed; });
}

Json to_json(const std::vector<Gate>& gates) {
  Json out = Json::object();
  for (const Gate& g : gates) {
    Json entry = {{"test", g.test}, {"value", g.value}, {"limit", g.limit}, {"passed", g.passed}};
    if (!g.reason.empty()) entry["reason"] = g.reason;
    out[g.name] = std::move(entry);
  }
  return out;
}

}  // namespace runner::lvm::cat
