#include "worker/exec/death_watch.h"

#include <sys/wait.h>

#include <csignal>

#ifdef __linux__
#include <sys/ptrace.h>
#endif

namespace runner::runtime {

#ifdef __linux__
namespace {

constexpr int most_looks = 3;

bool is_deadly(int signal) {
  return signal == SIGABRT || signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE;
}

}  // namespace
#endif

DeathWatch::DeathWatch(pid_t child, std::function<void()> at_death)
    : child_(child), at_death_(std::move(at_death)) {
#ifdef __linux__
  tracing_ = ::ptrace(PTRACE_SEIZE, child, nullptr, reinterpret_cast<void*>(PTRACE_O_TRACECLONE)) == 0;
#endif
}

std::optional<int> DeathWatch::poll() {
#ifdef __linux__
  const int any = __WALL | WNOHANG;  // __WALL: threads too
#else
  const int any = WNOHANG;
#endif
  while (true) {
    int status = 0;
    const pid_t who = ::waitpid(tracing_ ? -1 : child_, &status, any);
    if (who <= 0) return std::nullopt;
    if (WIFSTOPPED(status))
      handle_stop(who, status);
    else if (who == child_)
      return status;
  }
}

void DeathWatch::handle_stop(pid_t thread, int status) {
#ifdef __linux__
  const int signal = WSTOPSIG(status);
  const int event = status >> 16;
  if (event == PTRACE_EVENT_STOP) {
    // A stop of the whole program (Ctrl-Z) stays one; a new thread's first stop does not.
    const bool group = signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
    ::ptrace(group ? PTRACE_LISTEN : PTRACE_CONT, thread, nullptr, nullptr);
    return;
  }
  if (event != 0) {
    ::ptrace(PTRACE_CONT, thread, nullptr, nullptr);
    return;
  }
  if (is_deadly(signal) && looks_ < most_looks) {
    ++looks_;
    at_death_();
  }
  ::ptrace(PTRACE_CONT, thread, nullptr, reinterpret_cast<void*>(static_cast<long>(signal)));
#else
  static_cast<void>(thread);
  static_cast<void>(status);
#endif
}

}  // namespace runner::runtime
