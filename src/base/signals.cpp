#include "base/signals.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace runner {
namespace {

std::atomic<int> stop{0};
static_assert(std::atomic<int>::is_always_lock_free, "used in a signal handler");

void on_stop(int signal) {
  int none = 0;
  if (!stop.compare_exchange_strong(none, signal)) ::_exit(128 + signal);
}

}  // namespace

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_stop;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

int stop_signal() {
  return stop.load(std::memory_order_relaxed);
}

void request_stop(int signal) {
  stop.store(signal);
}

}  // namespace runner
