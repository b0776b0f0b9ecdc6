#pragma once
// Sees a child at the moment of its death, while what it has loaded can still be looked at (Linux: ptrace).
// Only the program itself and its threads are followed, not the processes that it starts.

#include <sys/types.h>

#include <functional>
#include <optional>

namespace runner::runtime {

class DeathWatch {
 public:
  // `at_death` is called with the process stopped at a SIGABRT, SIGSEGV, SIGBUS, SIGILL or SIGFPE, before it
  // is delivered; a few times at most (programs may handle such signals). Without permission to trace,
  // nothing is seen.
  DeathWatch(pid_t child, std::function<void()> at_death);

  bool tracing() const { return tracing_; }
  // Handles what has happened; the child's raw wait status once it has ended. Never waits.
  std::optional<int> poll();

 private:
  void handle_stop(pid_t thread, int status);

  pid_t child_;
  std::function<void()> at_death_;
  bool tracing_ = false;
  [[maybe_unused]] int looks_ = 0;
};

}  // namespace runner::runtime
