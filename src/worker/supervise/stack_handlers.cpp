// The worker's side: async-signal-safe code only.
#include "worker/supervise/stack_handlers.h"

#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>

#include "base/fault_address.h"
#include "base/status.h"

#ifdef __linux__
#include <sys/syscall.h>
#endif

namespace runner::runtime {
namespace {

int stack_fd = -1;

long thread_number() {
#ifdef __linux__
  return ::syscall(SYS_gettid);
#else
  return static_cast<long>(::getpid());
#endif
}

// "thread 1234\n" without stdio.
void write_header() {
  char text[32] = "thread ";
  char digits[20];
  int count = 0;
  for (long rest = thread_number(); rest > 0 && count < 20; rest /= 10)
    digits[count++] = static_cast<char>('0' + rest % 10);
  std::size_t at = std::strlen(text);
  while (count > 0) text[at++] = digits[--count];
  text[at++] = '\n';
  [[maybe_unused]] const auto n = ::write(stack_fd, text, at);
}

void write_stack() {
  constexpr int depth = 64;
  void* frames[depth];
  const int count = ::backtrace(frames, depth);
  write_header();
  ::backtrace_symbols_fd(frames, count, stack_fd);
}

void on_request(int) {
  const int saved = errno;
  write_stack();
  status::count_stack();
  errno = saved;
}

void on_crash(int signal, siginfo_t* info, void*) {
  if (signal == SIGBUS) status::set_fault_address(info->si_addr);
  write_stack();
  status::wait_for_a_look();
  ::raise(signal);  // SA_RESETHAND: now with its default action
}

void catch_crash(int signal) {
  struct sigaction before {};
  ::sigaction(signal, nullptr, &before);
  // A sanitizer or a debugging tool was there first.
  if ((before.sa_flags & SA_SIGINFO) != 0 || before.sa_handler != SIG_DFL) return;
  struct sigaction action {};
  action.sa_sigaction = on_crash;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_ONSTACK | SA_SIGINFO);
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void install_stack_handlers(int fd) {
  stack_fd = fd;
  // The first call loads the unwinder, which a signal handler must not do.
  void* frame[1];
  ::backtrace(frame, 1);
  // A stack of its own, for a crash by stack overflow.
  constexpr std::size_t size = std::size_t{256} * 1024;
  static char memory[size];
  stack_t stack{};
  stack.ss_sp = memory;
  stack.ss_size = size;
  ::sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_handler = on_request;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGUSR2, &action, nullptr);
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) catch_crash(signal);
}

}  // namespace runner::runtime
