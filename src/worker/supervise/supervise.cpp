#include "worker/supervise/supervise.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>

#include "base/log.h"
#include "base/time.h"
#include "worker/supervise/stacks.h"

namespace runner::runtime {
namespace {

using Clock = std::chrono::steady_clock;

// Time since the last beat. Time in which the worker was stopped (Ctrl-Z, a debugger) does not count.
class StallClock {
 public:
  StallClock(const StatusPage& page, double limit) : page_(page), limit_(limit) {}

  bool stalled() {
    const std::uint64_t beats = page_.beats.load(std::memory_order_relaxed);
    if (beats != beats_) {
      beats_ = beats;
      since_ = Clock::now();
    }
    // A library that reads a file on trust says nothing for seconds, not minutes.
    constexpr double on_trust = 60;
    const bool trusting = page_.input_use.load(std::memory_order_relaxed) == InputUse::trusted;
    const double limit = trusting && limit_ > 0 ? std::min(limit_, on_trust) : limit_;
    return limit > 0 && seconds_since(since_) > limit;
  }
  void restart() { since_ = Clock::now(); }

 private:
  const StatusPage& page_;
  double limit_;
  std::uint64_t beats_ = ~0ULL;
  Clock::time_point since_ = Clock::now();
};

bool is_stopped(pid_t pid) {
#ifdef __linux__
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(in, line);
  const std::size_t end = line.rfind(')');
  return end != std::string::npos && end + 2 < line.size() && (line[end + 2] == 'T' || line[end + 2] == 't');
#else
  static_cast<void>(pid);
  return false;
#endif
}

// True when the worker has ended; fills `ending`.
bool reap(pid_t pid, Ending& ending) {
  int status = 0;
  struct rusage usage {};
  if (::wait4(pid, &status, WNOHANG, &usage) != pid) return false;
  ending.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  ending.exit_code = ending.signal != 0 ? 128 + ending.signal : WEXITSTATUS(status);
#ifdef WCOREDUMP
  ending.core_dumped = ending.signal != 0 && WCOREDUMP(status);
#endif
#ifdef __APPLE__
  ending.peak_memory_kib = usage.ru_maxrss / 1024;
#else
  ending.peak_memory_kib = usage.ru_maxrss;
#endif
  return true;
}

// What one signal to the launcher means for the worker. Returns the stop signal passed on, or 0.
int pass_on(int signal, pid_t pid, StallClock& clock) {
  switch (signal) {
    case SIGINT:
    case SIGTERM:
    case SIGHUP: {
      const int passed = signal == SIGHUP ? SIGTERM : signal;
      ::kill(pid, passed);
      ::kill(pid, SIGCONT);  // a stopped worker could not save
      return passed;
    }
    case SIGTSTP:
      ::kill(-pid, SIGSTOP);
      ::raise(SIGSTOP);
      [[fallthrough]];  // here again after SIGCONT
    case SIGCONT:
      ::kill(-pid, SIGCONT);
      clock.restart();
      return 0;
    default:
      return 0;
  }
}

void stop_stalled(const Watch& watch, Ending& ending) {
  ending.stalled = true;
  ending.stacks = thread_stacks(watch.pid, watch.stacks_fd, *watch.page);
  ::kill(-watch.pid, SIGKILL);  // with any process it started
}

}  // namespace

WorkerSignals::WorkerSignals()
    : pipe_({SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGCHLD, SIGUSR1}, {SIGHUP, SIGTSTP}) {}

Ending supervise(WorkerSignals& signals, const Watch& watch) {
  StallClock clock(*watch.page, watch.stall_timeout);
  Ending ending;
  int passed = 0;
  // A fifth of the limit, so that a stall is noticed in time; SIGCHLD ends the wait early.
  const double slice = watch.stall_timeout > 0 ? std::min(watch.stall_timeout / 5, 1.0) : 60.0;
  while (!reap(watch.pid, ending)) {
    pollfd waiting{signals.pipe().fd(), POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(slice * 1000) + 1);
    for (const auto& event : signals.pipe().take())
      if (const int stop = pass_on(event.signal, watch.pid, clock); stop != 0) passed = stop;
    if (watch.page->crash.load() == 1) {
      if (watch.at_crash) watch.at_crash();
      status::looked_at();
    }
    if (!ending.stalled && clock.stalled()) {
      if (is_stopped(watch.pid))
        clock.restart();
      else if (!reap(watch.pid, ending))
        stop_stalled(watch, ending);
      else
        break;
    }
  }
  ending.asked = ending.signal != 0 && ending.signal == passed;
  if (ending.signal != 0 && !ending.stalled && !ending.asked) ending.stacks = crash_stack(watch.stacks_fd);
  return ending;
}

}  // namespace runner::runtime
