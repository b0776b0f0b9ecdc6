#pragma once
// What each policy does with a verdict: the table in docs/openmp.md, as a function.

#include <string>
#include <vector>

#include "base/openmp_policy.h"
#include "base/words.h"
#include "openmp_scan/scan.h"

namespace runner::runtime {

using Policy = OpenMpPolicy;

enum class Action {
  run,
  warn,      // run, and say what it costs
  separate,  // the parts run in separate workers that exchange files
  refuse,    // exit 4
};
inline std::vector<std::string> words_of(Action) {
  return {"run", "warn", "separate", "refuse"};
}
// `inside`: the worst verdict of any one plug-in. `between`: of all the job's parts together. `from_preload`:
// the conflict comes by LD_PRELOAD or DYLD_INSERT_LIBRARIES, so that separate workers would have it too.
Action decide(Policy policy, Verdict inside, Verdict between, bool from_preload);
// The reason in one line, naming the paths that meet: for the log and for the error of Action::refuse.
std::string conflict_line(const ScanResult& result);

}  // namespace runner::runtime
