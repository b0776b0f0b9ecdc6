#include "worker/exec/stderr_copy.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/error.h"
#include "worker/processes/process.h"

namespace runner::runtime {
namespace {

constexpr std::size_t remembered = std::size_t{64} * 1024;

// Both ends of a pseudo terminal that changes no byte (the real terminal does that); false when there is
// none.
bool open_terminal(int& own, int& program) {
  own = ::posix_openpt(O_RDWR | O_NOCTTY);  // POSIX has no more flags for it; macOS may refuse O_CLOEXEC
  if (own < 0) return false;
  close_on_exec(own);
  const bool ready = ::grantpt(own) == 0 && ::unlockpt(own) == 0;
  const char* name = ready ? ::ptsname(own) : nullptr;
  program = name == nullptr ? -1 : ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (program < 0) {
    ::close(own);
    return false;
  }
  termios mode{};
  ::tcgetattr(program, &mode);
  ::cfmakeraw(&mode);
  ::tcsetattr(program, TCSANOW, &mode);
  return true;
}

void pass_on(const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::write(STDERR_FILENO, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;  // nobody reads our stderr: the program goes on all the same
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
}

}  // namespace

StderrCopy::StderrCopy() {
  terminal_ = ::isatty(STDERR_FILENO) == 1 && open_terminal(own_end_, program_end_);
  if (terminal_) {
    copy_window_size();
  } else {
    int ends[2];
    if (::pipe(ends) != 0) throw_errno("cannot create a pipe", "stderr");
    own_end_ = ends[0];
    program_end_ = ends[1];
    close_on_exec(ends[0]);
    close_on_exec(ends[1]);
  }
  ::fcntl(own_end_, F_SETFL, ::fcntl(own_end_, F_GETFL) | O_NONBLOCK);
}

StderrCopy::~StderrCopy() {
  close_program_end();
  if (own_end_ >= 0) ::close(own_end_);
}

void StderrCopy::close_program_end() {
  if (program_end_ >= 0) ::close(program_end_);
  program_end_ = -1;
}

std::string StderrCopy::pump() {
  std::string came;
  char buffer[16384];
  while (own_end_ >= 0) {
    const ssize_t n = ::read(own_end_, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (n <= 0) {  // a pseudo terminal says EIO once its other end is closed
      ::close(own_end_);
      own_end_ = -1;
      break;
    }
    pass_on(buffer, static_cast<std::size_t>(n));
    came.append(buffer, static_cast<std::size_t>(n));
  }
  last_ += came;
  if (last_.size() > remembered) last_.erase(0, last_.size() - remembered);
  return came;
}

void StderrCopy::copy_window_size() const {
  winsize size{};
  if (terminal_ && ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0) ::ioctl(own_end_, TIOCSWINSZ, &size);
}

}  // namespace runner::runtime
