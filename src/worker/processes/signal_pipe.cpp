#include "worker/processes/signal_pipe.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "worker/processes/process.h"

namespace runner::runtime {
namespace {

int handler_fd = -1;

void on_signal(int signal, siginfo_t* info, void*) {
  const int saved = errno;
#ifdef SI_KERNEL
  const bool from_kernel = info != nullptr && info->si_code == SI_KERNEL;
#else
  const bool from_kernel = info != nullptr && info->si_pid == 0;
#endif
  const unsigned char byte[2] = {static_cast<unsigned char>(signal), from_kernel};
  [[maybe_unused]] const auto n = ::write(handler_fd, byte, sizeof byte);
  errno = saved;
}

}  // namespace

struct SignalPipe::Saved {
  int signal;
  struct sigaction action;
};

SignalPipe::SignalPipe(const std::vector<int>& signals, const std::vector<int>& unless_ignored) {
  int ends[2];
  if (::pipe(ends) != 0) throw_errno("cannot create a pipe", "");
  read_end_ = ends[0];
  write_end_ = ends[1];
  for (const int fd : ends) {
    close_on_exec(fd);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
  }
  handler_fd = write_end_;
  for (const int signal : signals) {
    Saved saved{signal, {}};
    ::sigaction(signal, nullptr, &saved.action);
    const bool ignored = (saved.action.sa_flags & SA_SIGINFO) == 0 && saved.action.sa_handler == SIG_IGN;
    if (ignored && std::find(unless_ignored.begin(), unless_ignored.end(), signal) != unless_ignored.end())
      continue;
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    ::sigaction(signal, &action, nullptr);
    saved_.push_back(saved);
  }
}

SignalPipe::~SignalPipe() {
  for (const Saved& saved : saved_) ::sigaction(saved.signal, &saved.action, nullptr);
  handler_fd = -1;
  ::close(read_end_);
  ::close(write_end_);
}

std::vector<SignalPipe::Event> SignalPipe::take() {
  std::vector<Event> events;
  unsigned char byte[2];
  while (::read(read_end_, byte, sizeof byte) == sizeof byte) events.push_back({byte[0], byte[1] != 0});
  return events;
}

}  // namespace runner::runtime
