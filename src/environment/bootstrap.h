#pragma once
// Which environment a process with libtorch, FAISS or any OpenMP code gets, and why. A pure function of the
// inherited environment, the options and the facts; docs/environment.md is its table for people.

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "environment/cpu_limits.h"

namespace runner::runtime {

struct Decision {
  enum class Action {
    set,         // was unset, gets `value`
    kept,        // the user's value stays
    overridden,  // the user's value is replaced; `warning` says why
    unset,       // was unset and stays so; `reason` says why
  };
  std::string name, value;              // value: as it will be; "" for unset
  std::optional<std::string> previous;  // the inherited value
  Action action = Action::set;
  std::string reason;
  std::string warning;  // "" when there is nothing to warn about
};
const char* to_string(Decision::Action action);

struct BootstrapOptions {
  std::string threads = "auto";   // auto, or a number
  std::vector<std::string> keep;  // names that stay as inherited
};

struct BootstrapFacts {
  ThreadShare share;        // from thread_share()
  std::string device;       // requested; "auto" may become mps on macOS
  bool macos = false;       // the system: decides what auto may mean and which malloc settings exist
  bool foreign = false;     // a program that is not ours (runner exec, runner env)
  bool uses_torch = false;  // the process allocates and frees activations at each step
  std::string
      second_pool;  // "OpenBLAS-pthread (PATH)": pool that shares the process with libgomp; "" if none
  bool cpu_has_avx512 = false;
};

// Every decision, in the order of the table. Throws UsageError for `threads` that is neither auto nor a
// number.
std::vector<Decision> decide_environment(const Environment& inherited, const BootstrapOptions& options,
                                         const BootstrapFacts& facts);

// The environment after the decisions.
Environment apply_decisions(Environment inherited, const std::vector<Decision>& decisions);
// The thread number that OMP_NUM_THREADS ends up with: for libraries with pools of their own.
int decided_threads(const std::vector<Decision>& decisions);

// One line a decision: for --explain-env.
std::string explain(const std::vector<Decision>& decisions);
Json to_json(const std::vector<Decision>& decisions);

}  // namespace runner::runtime
