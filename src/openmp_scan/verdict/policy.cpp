#include "openmp_scan/verdict/policy.h"

#include <spdlog/fmt/fmt.h>

#include "openmp_scan/verdict/verdict.h"

namespace runner::runtime {

Action decide(Policy policy, Verdict inside, Verdict between, bool from_preload) {
  const Verdict worst = std::max(inside, between);
  if (worst <= Verdict::one) return Action::run;
  if (worst == Verdict::slow) return Action::warn;
  // Two runtimes meet.
  if (policy == Policy::forbid) return Action::refuse;
  if (policy == Policy::allow) return Action::warn;
  // Separate workers help only against what comes from different parts.
  const Verdict stays = from_preload ? worst : inside;
  if (stays == Verdict::duplicate) return Action::refuse;
  return between > stays ? Action::separate : Action::warn;
}

std::string conflict_line(const ScanResult& result) {
  std::string line;
  for (const Runtime& r : result.runtimes) {
    const std::string by = r.preloaded && r.needed_by.empty() ? "preloaded"
                           : r.needed_by.empty()              ? "itself"
                                                              : "needed by " + r.needed_by.back();
    line += fmt::format("{}{} {} ({})", line.empty() ? "" : ", ", to_string(r.kind), r.path, by);
  }
  return fmt::format("{}: {}", to_string(result.verdict), line.empty() ? "no OpenMP runtime" : line);
}

}  // namespace runner::runtime
