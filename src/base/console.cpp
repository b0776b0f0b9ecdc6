#include "base/console.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/error.h"

namespace runner {
namespace {

void nothing(int) {}

// A handler and not SIG_IGN, which would outlive an exec.
void survive_closed_pipes() {
  struct sigaction before {};
  ::sigaction(SIGPIPE, nullptr, &before);
  if (before.sa_handler != SIG_DFL) return;
  struct sigaction action {};
  action.sa_handler = nothing;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGPIPE, &action, nullptr);
}

}  // namespace

void prepare_console() {
  // Lowest free number first: each open() takes the very descriptor that is closed.
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF)
      ::open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY);
  survive_closed_pipes();
}

void tell(std::string_view text) noexcept {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

int finish_results(int exit_code) noexcept {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  const int code = errno;
  if (flushed && std::ferror(stdout) == 0) return exit_code;
  const char* reason = code != 0 ? std::strerror(code) : "an earlier write failed";
  std::fprintf(stderr, "runner: stdout: the result cannot be written: %s\n", reason);
  return exit_code == 0 ? static_cast<int>(ExitCode::failed) : exit_code;
}

}  // namespace runner
