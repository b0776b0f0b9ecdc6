#include "environment/bootstrap_rules.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>

#include "base/log.h"
#include "base/truth_words.h"
#include "openmp_scan/scan.h"
#include "openmp_scan/verdict/verdict.h"

namespace runner::runtime::detail {
namespace {

using Kind = Decision::Action;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Decision kept(const std::string& name, const std::string& value, const std::string& reason,
              const std::string& warning = "") {
  return {name, value, value, Kind::kept, reason, warning};
}

constexpr const char* seat_belt =
    "a second copy of LLVM/Intel OpenMP would abort with OMP: Error #15 otherwise; a seat belt, not a repair";
constexpr const char* dynamic_hang =
    "libgomp may then give a region fewer threads than asked, and OpenBLAS-openmp waits for the missing ones "
    "for "
    "ever: seen as a training run hanging at 100 % CPU";

constexpr const char* busy_waiting =
    "beside another process that computes, training falls to a third of its speed otherwise";
// Short enough to leave a core to others, long enough for one parallel region that follows another.
constexpr const char* gomp_spins = "1000";
constexpr const char* kmp_blocktime = "0";  // milliseconds: whole ones, before LLVM 18

Decision dynamic(const Inputs& in) {
  const std::string name = "OMP_DYNAMIC";
  const auto user = in.value(name);
  const std::string reason = "every parallel region gets the threads it asks for";
  if (!user) return {name, "FALSE", std::nullopt, Kind::set, reason, ""};
  if (is_false(*user)) return kept(name, *user, reason);
  if (in.keeps(name)) return kept(name, *user, "environment.keep lists it", dynamic_hang);
  return {name,
          "FALSE",
          *user,
          Kind::overridden,
          reason,
          fmt::format("OMP_DYNAMIC={} is replaced: {}; environment.keep: [OMP_DYNAMIC] leaves it", *user,
                      dynamic_hang)};
}

Decision wait_policy(const Inputs& in) {
  const std::string name = "OMP_WAIT_POLICY";
  const auto user = in.value(name);
  const std::string& pool = in.facts.second_pool;
  if (pool.empty()) {
    if (user)
      return kept(name, *user, "the user's value",
                  lower(*user) == "active"
                      ? "threads that wait keep their cores busy: " + std::string(busy_waiting)
                      : "");
    return {name, "", std::nullopt, Kind::unset, "one thread pool: its threads spin for a short time", ""};
  }
  const std::string starve = "threads that spin starve the other pool: 87 samples/s against 194 with passive";
  if (!user)
    return {
        name, "passive", std::nullopt, Kind::set, fmt::format("{} computes beside libgomp; {}", pool, starve),
        ""};
  return kept(name, *user, "the user's value",
              lower(*user) == "passive" ? "" : fmt::format("{} computes beside libgomp; {}", pool, starve));
}

// How long a runtime's threads spin before they sleep: the runtimes' own defaults are milliseconds (libgomp)
// and 200 ms (LLVM, Intel). A wait policy decides it by itself.
Decision spinning(const Inputs& in, const std::string& name, const std::string& value, bool policy) {
  const auto user = in.value(name);
  if (user) {
    const bool longer =
        std::atof(user->c_str()) > std::atof(value.c_str()) || lower(*user).starts_with("inf");
    return kept(name, *user, "the user's value", longer ? "long spins: " + std::string(busy_waiting) : "");
  }
  if (policy) return {name, "", std::nullopt, Kind::unset, "OMP_WAIT_POLICY says how threads wait", ""};
  return prefer(in, name, value, std::string("threads that wait sleep soon: ") + busy_waiting);
}

}  // namespace

std::optional<std::string> Inputs::value(const std::string& name) const {
  const auto found = inherited.find(name);
  if (found == inherited.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

bool Inputs::keeps(const std::string& name) const {
  return std::find(options.keep.begin(), options.keep.end(), name) != options.keep.end();
}

Decision prefer(const Inputs& in, const std::string& name, const std::string& value,
                const std::string& reason, const std::string& contradiction) {
  const auto user = in.value(name);
  if (user) return kept(name, *user, "the user's value", lower(*user) == lower(value) ? "" : contradiction);
  // An inherited empty value is kept only when it is listed.
  if (in.keeps(name)) return {name, "", std::nullopt, Kind::unset, "environment.keep lists it", ""};
  return {name, value, std::nullopt, Kind::set, reason, ""};
}

int leading_threads(const std::string& text) {
  int number = 0;
  const std::size_t start = text.find_first_not_of(" \t");
  if (start == std::string::npos) return 0;
  std::from_chars(text.data() + start, text.data() + text.size(), number);
  return std::max(number, 0);
}

void decide_openmp(const Inputs& in, std::vector<Decision>& out) {
  Decision belt = prefer(in, "KMP_DUPLICATE_LIB_OK", "TRUE", seat_belt);
  if (belt.action == Kind::kept && !is_true(belt.value))
    belt.warning =
        "the process aborts with OMP: Error #15 (exit 134) when a second LLVM/Intel OpenMP is loaded";
  out.push_back(std::move(belt));
  out.push_back(dynamic(in));
  out.push_back(wait_policy(in));
  const bool policy = !out.back().value.empty();
  out.push_back(spinning(in, "GOMP_SPINCOUNT", gomp_spins, policy));
  out.push_back(spinning(in, "KMP_BLOCKTIME", kmp_blocktime, policy));
  if (in.facts.foreign)
    out.push_back(prefer(in, "NUMBA_THREADING_LAYER", "workqueue",
                         "numba's omppool would load another libomp",
                         "numba may load another libomp; workqueue needs none"));
}

void decide_blas(const Inputs& in, std::vector<Decision>& out) {
  // Never set: the kernels decide the last bits of every result. But judged: they can halve the speed.
  if (const auto core = in.value("OPENBLAS_CORETYPE"))
    out.push_back(kept("OPENBLAS_CORETYPE", *core, "the user's value: which kernels OpenBLAS computes with",
                       judge_openblas_core(*core, in.facts.cpu_has_avx512)));
  if (const auto size = in.value("OPENBLAS_L2_SIZE"))
    out.push_back(kept("OPENBLAS_L2_SIZE", *size, "the user's value: the cache size OpenBLAS blocks for"));
}

void decide_device(const Inputs& in, std::vector<Decision>& out) {
  const bool may_be_mps = in.facts.device == "mps" || (in.facts.device == "auto" && in.facts.macos) ||
                          (in.facts.foreign && in.facts.macos);
  if (may_be_mps)
    out.push_back(prefer(in, "PYTORCH_ENABLE_MPS_FALLBACK", "1", "operators that MPS lacks run on the CPU",
                         "an operator that MPS lacks ends the run"));
}

void decide_malloc(const Inputs& in, std::vector<Decision>& out) {
  if (in.facts.macos || !in.facts.uses_torch) return;  // the variables are glibc's
  if (const auto tunables = in.value("GLIBC_TUNABLES");
      tunables && tunables->find("glibc.malloc") != std::string::npos) {
    out.push_back(kept("GLIBC_TUNABLES", *tunables, "the user's malloc settings"));
    return;
  }
  // Blocks of 32 MiB and more are otherwise mapped anew at each step and their pages zeroed by the kernel: a
  // third of the run was system time.
  constexpr const char* gibibyte = "1073741824";
  const std::string reason = "memory freed in a step stays with the process for the next: no page faults";
  out.push_back(prefer(in, "MALLOC_MMAP_THRESHOLD_", gibibyte, reason));
  out.push_back(prefer(in, "MALLOC_TRIM_THRESHOLD_", gibibyte, reason));
}

}  // namespace runner::runtime::detail
