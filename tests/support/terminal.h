#pragma once
// A program on a pseudo terminal of its own, which can go away as an ssh connection does.

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

namespace runner::test {

// The own end of a new pseudo terminal, which no child inherits; -1 when there is none. POSIX has no
// O_CLOEXEC for it.
inline int open_pseudo_terminal() {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || ::fcntl(master, F_SETFD, FD_CLOEXEC) != 0 || ::grantpt(master) != 0 ||
      ::unlockpt(master) != 0)
    return -1;
  return master;
}

class ProgramOnTerminal {
 public:
  // stdin and stderr are the terminal, stdout goes to the file. With `ignore_hangup` as under nohup. Without
  // `columns` the terminal does not say how wide it is.
  ProgramOnTerminal(const std::vector<std::string>& command, const std::string& folder,
                    const std::string& out, bool ignore_hangup = false, unsigned short columns = 0) {
    master_ = open_pseudo_terminal();
    if (master_ < 0) return;
    if (columns > 0) resize(columns);
    const std::string name = ::ptsname(master_);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::setsid();
    const int terminal = ::open(name.c_str(), O_RDWR);  // the first one of a session becomes its own
    ::ioctl(terminal, TIOCSCTTY, 0);
    ::dup2(terminal, 0);
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), 1);
    ::dup2(terminal, 2);
    if (ignore_hangup) ::signal(SIGHUP, SIG_IGN);
    ::setenv("TERM", "xterm", 1);
    if (::chdir(folder.c_str()) != 0) ::_exit(126);
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  ~ProgramOnTerminal() {
    close();
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  }
  ProgramOnTerminal(const ProgramOnTerminal&) = delete;
  ProgramOnTerminal& operator=(const ProgramOnTerminal&) = delete;

  void resize(unsigned short columns) const {
    const winsize size{50, columns, 0, 0};
    ::ioctl(master_, TIOCSWINSZ, &size);
  }
  // What it writes next; "" once it has ended.
  std::string next() const {
    char buffer[4096];
    const ssize_t n = ::read(master_, buffer, sizeof buffer);
    return n <= 0 ? "" : std::string(buffer, static_cast<std::size_t>(n));
  }
  // Reads until `text` has come; false after a minute, or when the program ends without it.
  bool shows(const std::string& text) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (seen_.find(text) == std::string::npos) {
      pollfd ready{master_, POLLIN, 0};
      char buffer[4096];
      if (std::chrono::steady_clock::now() > end) return false;
      if (::poll(&ready, 1, 1000) <= 0) continue;
      const ssize_t n = ::read(master_, buffer, sizeof buffer);
      if (n <= 0) return false;
      seen_.append(buffer, static_cast<std::size_t>(n));
    }
    return true;
  }
  const std::string& seen() const { return seen_; }
  // The terminal is gone: the kernel hangs up on the program, and what it writes there fails.
  void close() {
    if (master_ >= 0) ::close(master_);
    master_ = -1;
  }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  int master_ = -1;
  pid_t pid_ = -1;
  std::string seen_;
};

}  // namespace runner::test
