#include "base/signals.h"

#include <time.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>

namespace runner {
namespace {

// One request may come several times over: from a supervisor and from a terminal or timeout(1), which signal
// the whole group.
constexpr std::int64_t same_request_ns = 1'000'000'000;

std::atomic<int> stop{0};
std::atomic<std::int64_t> asked_at{0};
static_assert(std::atomic<std::int64_t>::is_always_lock_free, "used in a signal handler");

void on_stop(int received) {
  const int signal = received == SIGHUP ? SIGTERM : received;
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t ns = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  std::int64_t first = 0;
  if (asked_at.compare_exchange_strong(first, ns))
    stop.store(signal);
  else if (ns - first >= same_request_ns)
    ::_exit(128 + signal);
}

}  // namespace

void catch_stop_signals() {
  // As it was before anybody took it: a library may have by the next call.
  static const bool hangup_is_ignored = [] {
    struct sigaction inherited {};
    ::sigaction(SIGHUP, nullptr, &inherited);
    return inherited.sa_handler == SIG_IGN;
  }();
  struct sigaction action {};
  action.sa_handler = on_stop;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  if (hangup_is_ignored) action.sa_handler = SIG_IGN;
  ::sigaction(SIGHUP, &action, nullptr);
}

int stop_signal() {
  return stop.load(std::memory_order_relaxed);
}

}  // namespace runner
