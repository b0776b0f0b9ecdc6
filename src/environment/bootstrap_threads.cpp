#include "environment/bootstrap_threads.h"

#include "base/error.h"
#include "base/log.h"

namespace runner::runtime::detail {
namespace {

using Kind = Decision::Action;
constexpr const char* openmp = "OMP_NUM_THREADS";
constexpr const char* thread_limit = "OMP_THREAD_LIMIT";

// environment.threads as a number; 0 for auto.
int configured_threads(const BootstrapOptions& options) {
  if (options.threads.empty() || options.threads == "auto") return 0;
  const bool digits = options.threads.find_first_not_of("0123456789") == std::string::npos;
  const int number = digits ? leading_threads(options.threads) : 0;
  if (number < 1 || number > 4096)
    throw UsageError("expected auto or a number of threads from 1 to 4096, got " + options.threads,
                     "environment.threads");
  return number;
}

// What a number of threads other than the share costs; "" when nothing.
std::string judge(int threads, const ThreadShare& share, bool from_torchrun) {
  if (threads > share.threads)
    return fmt::format(
        "{} threads on {}: more than can run at once, each parallel region waits for the slowest", threads,
        share.reason);
  if (threads < share.threads && from_torchrun)
    return fmt::format(
        "{} of {} threads ({}): torchrun sets OMP_NUM_THREADS=1 where it is unset; "
        "environment.threads: {} uses them",
        threads, share.threads, share.reason, share.threads);
  if (threads < share.threads)
    return fmt::format("{} of {} threads ({}): the rest stay idle", threads, share.threads, share.reason);
  return "";
}

Decision openmp_threads(const Inputs& in, const ThreadShare& share) {
  const int configured = configured_threads(in.options);
  const auto user = in.value(openmp);
  if (user && (configured == 0 || in.keeps(openmp))) {
    const int threads = leading_threads(*user);
    const bool torchrun = in.inherited.contains("TORCHELASTIC_RUN_ID");
    const std::string warning =
        threads > 0 ? judge(threads, share, torchrun)
                    : fmt::format("{} is no number of threads: the runtime ignores it", *user);
    return {openmp, *user, *user, Kind::kept, "the user's value", warning};
  }
  if (configured == 0)
    return {openmp, std::to_string(share.threads), std::nullopt, Kind::set, share.reason, ""};
  Decision decision{openmp, std::to_string(configured), user, Kind::set, "environment.threads", ""};
  if (configured > share.threads) decision.warning = judge(configured, share, false);
  if (!user) return decision;
  if (*user == decision.value)
    return {openmp, *user, *user, Kind::kept, "the user's value", decision.warning};
  decision.action = Kind::overridden;
  if (decision.warning.empty())
    decision.warning = fmt::format(
        "OMP_NUM_THREADS={} is replaced by environment.threads: {}; with threads: auto, or "
        "environment.keep: [OMP_NUM_THREADS], the variable wins",
        *user, configured);
  return decision;
}

// OpenBLAS-openmp waits for ever for threads that libgomp may not start.
void keep_below(int limit, const Inputs& in, Decision& d) {
  const int threads = leading_threads(d.value);
  if (threads <= limit) return;
  const std::string hang =
      fmt::format("{} threads with {}={}: OpenBLAS-openmp waits for the missing ones for ever", threads,
                  thread_limit, limit);
  if (in.keeps(d.name)) {
    d.warning = hang;
    return;
  }
  d.warning =
      fmt::format("{}={} is replaced: {}; environment.keep: [{}] leaves it", d.name, d.value, hang, d.name);
  d.value = std::to_string(limit);
  d.action = d.previous ? Kind::overridden : Kind::set;
  d.reason = fmt::format("{}={}", thread_limit, limit);
}

}  // namespace

void decide_threads(const Inputs& in, std::vector<Decision>& out) {
  const auto limited = in.value(thread_limit);
  const int limit = limited ? leading_threads(*limited) : 0;
  ThreadShare share = in.facts.share;
  if (limit > 0 && limit < share.threads) share = {limit, std::string(thread_limit) + "=" + *limited};
  const auto add = [&](Decision decision) {
    if (limit > 0) keep_below(limit, in, decision);
    out.push_back(std::move(decision));
  };
  if (limited) out.push_back({thread_limit, *limited, *limited, Kind::kept, "the user's value", ""});
  add(openmp_threads(in, share));
  const int decided = leading_threads(out.back().value);
  const int threads = decided > 0 ? decided : share.threads;
  static constexpr const char* followers[] = {"OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"};
  const auto follow = [&](const char* name) {
    Decision decision = prefer(in, name, std::to_string(threads), "as OMP_NUM_THREADS");
    const int own = leading_threads(decision.value);
    if (decision.action == Kind::kept && own > share.threads)
      decision.warning = judge(own, share, false);
    else if (decision.action == Kind::kept && own < threads)
      decision.warning =
          fmt::format("matrix products use {} of {} threads: the rest stay idle", own, threads);
    add(std::move(decision));
  };
  for (const char* name : followers) follow(name);
  if (in.facts.macos) follow("VECLIB_MAXIMUM_THREADS");
  if (in.facts.foreign) follow("NUMEXPR_NUM_THREADS");
}

}  // namespace runner::runtime::detail
