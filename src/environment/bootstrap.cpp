#include "environment/bootstrap.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/log.h"
#include "base/secrets.h"
#include "environment/bootstrap_rules.h"
#include "environment/bootstrap_threads.h"

namespace runner::runtime {

const char* to_string(Decision::Action action) {
  switch (action) {
    case Decision::Action::set:
      return "set";
    case Decision::Action::kept:
      return "kept";
    case Decision::Action::overridden:
      return "overridden";
    case Decision::Action::unset:
      return "unset";
  }
  return "";
}

std::vector<Decision> decide_environment(const Environment& inherited, const BootstrapOptions& options,
                                         const BootstrapFacts& facts) {
  const detail::Inputs inputs{inherited, options, facts};
  std::vector<Decision> decisions;
  detail::decide_openmp(inputs, decisions);
  detail::decide_threads(inputs, decisions);
  detail::decide_blas(inputs, decisions);
  detail::decide_device(inputs, decisions);
  detail::decide_malloc(inputs, decisions);
  return decisions;
}

Environment apply_decisions(Environment inherited, const std::vector<Decision>& decisions) {
  for (const Decision& decision : decisions)
    if (decision.action == Decision::Action::set || decision.action == Decision::Action::overridden)
      inherited[decision.name] = decision.value;
  return inherited;
}

int decided_threads(const std::vector<Decision>& decisions) {
  for (const Decision& decision : decisions)
    if (decision.name == "OMP_NUM_THREADS") return std::max(detail::leading_threads(decision.value), 1);
  return 1;
}

namespace {

// A secret's value is shown nowhere, however short.
std::string shown_value(const std::string& name, const std::string& value) {
  return names_secret(name) && !value.empty() ? "***" : value;
}

}  // namespace

std::string explain(const std::vector<Decision>& decisions) {
  std::string text;
  for (const Decision& d : decisions) {
    const std::string assignment =
        d.action == Decision::Action::unset ? d.name : d.name + "=" + shown_value(d.name, d.value);
    text += fmt::format("{:<10} {:<34} {}", to_string(d.action), assignment, d.reason);
    if (d.action == Decision::Action::overridden)
      text += fmt::format(" (was {})", shown_value(d.name, d.previous.value_or("")));
    text += "\n";
    if (!d.warning.empty()) text += fmt::format("{:<10} warning: {}\n", "", d.warning);
  }
  return text;
}

Json to_json(const std::vector<Decision>& decisions) {
  Json list = Json::array();
  for (const Decision& d : decisions) {
    Json item{{"name", d.name}, {"action", to_string(d.action)}, {"value", shown_value(d.name, d.value)}};
    if (d.previous) item["previous"] = shown_value(d.name, *d.previous);
    item["reason"] = d.reason;
    if (!d.warning.empty()) item["warnings"] = Json::array({d.warning});
    list.push_back(std::move(item));
  }
  return list;
}

}  // namespace runner::runtime
