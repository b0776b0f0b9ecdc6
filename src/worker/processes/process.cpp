#include "worker/processes/process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/write_access.h"
#include "worker/processes/exec_error.h"

#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace runner::runtime {

std::string find_program(const std::string& program, const Environment& environment) {
  if (program.find('/') != std::string::npos) return program;
  const auto path = environment.find("PATH");
  const std::string folders = path == environment.end() ? "/usr/local/bin:/usr/bin:/bin" : path->second;
  for (std::size_t start = 0; start <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', start), folders.size());
    const std::string folder = folders.substr(start, end - start);
    std::string file = (folder.empty() ? "." : folder) + "/" + program;
    struct stat info {};
    if (::access(file.c_str(), X_OK) == 0 && ::stat(file.c_str(), &info) == 0 && S_ISREG(info.st_mode))
      return file;
    start = end + 1;
  }
  return "";
}

namespace {

struct Prepared {
  std::string file;
  std::vector<std::string> assignments;
  std::vector<char*> argv, envp;
  std::vector<char*> shell_argv;  // for a script that does not name its interpreter; empty for anything else
};

// Everything that allocates, before the fork.
void prepare(const ChildSetup& setup, Prepared& prepared) {
  prepared.file = find_program(setup.program, setup.environment);
  if (prepared.file.empty())
    throw Error(static_cast<ExitCode>(127), setup.program, "command not found in PATH");
  if (::access(prepared.file.c_str(), X_OK) != 0) cannot_execute(prepared.file, errno);
  for (const auto& [name, value] : setup.environment) prepared.assignments.push_back(name + "=" + value);
  for (const std::string& argument : setup.argv) prepared.argv.push_back(const_cast<char*>(argument.c_str()));
  prepared.argv.push_back(nullptr);
  if (is_script(prepared.file)) {
    prepared.shell_argv = {const_cast<char*>("sh"), prepared.file.data()};
    prepared.shell_argv.insert(prepared.shell_argv.end(), prepared.argv.begin() + 1, prepared.argv.end());
  }
  for (const std::string& assignment : prepared.assignments)
    prepared.envp.push_back(const_cast<char*>(assignment.c_str()));
  prepared.envp.push_back(nullptr);
}

// Returns only when that fails, with errno. Async-signal-safe.
void execute_prepared(const Prepared& prepared) {
  restore_umask();
  ::execve(prepared.file.c_str(), prepared.argv.data(), prepared.envp.data());
  if (errno == ENOEXEC && !prepared.shell_argv.empty())
    ::execve("/bin/sh", prepared.shell_argv.data(), prepared.envp.data());
}

// In the child, after the fork: only async-signal-safe calls. Does not return.
[[noreturn]] void become(const ChildSetup& setup, const Prepared& prepared, pid_t parent, int report_fd) {
  if (setup.own_group) ::setpgid(0, 0);
#ifdef __linux__
  ::prctl(PR_SET_PDEATHSIG, setup.death_signal);
#endif
  // The starter may have died before prctl.
  if (::getppid() != parent) ::_exit(128 + SIGKILL);
  if (setup.stdout_fd >= 0) ::dup2(setup.stdout_fd, STDOUT_FILENO);
  if (setup.stderr_fd >= 0) ::dup2(setup.stderr_fd, STDERR_FILENO);
  if (setup.wait_fd >= 0) {
    ::close(setup.gate_fd);
    char ignored;
    while (::read(setup.wait_fd, &ignored, 1) < 0 && errno == EINTR) {
    }
  }
  std::signal(SIGXFSZ, SIG_DFL);  // ignored by the starter only
  execute_prepared(prepared);
  const int code = errno;
  [[maybe_unused]] const auto n = ::write(report_fd, &code, sizeof code);
  ::_exit(127);
}

}  // namespace

pid_t spawn(const ChildSetup& setup) {
  Prepared prepared;
  prepare(setup, prepared);
  int report[2];
  if (::pipe(report) != 0) throw_errno("cannot create a pipe", "");
  close_on_exec(report[0]);
  close_on_exec(report[1]);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw_errno("cannot start another process", prepared.file);
  if (child == 0) become(setup, prepared, parent, report[1]);
  // Also here, so that the group exists before any signal is passed on to it.
  if (setup.own_group) ::setpgid(child, child);
  ::close(report[1]);
  if (setup.wait_fd >= 0) {  // the child has not executed yet, and its starter has things to do before it may
    *setup.report_fd = report[0];
    return child;
  }
  check_executed(setup, report[0]);
  return child;
}

void check_executed(const ChildSetup& setup, int report_fd) {
  int code = 0;
  ssize_t got;
  do {
    got = ::read(report_fd, &code, sizeof code);
  } while (got < 0 && errno == EINTR);
  ::close(report_fd);
  if (got == sizeof code) cannot_execute(find_program(setup.program, setup.environment), code);
}

void execute(const ChildSetup& setup) {
  Prepared prepared;
  prepare(setup, prepared);
  std::signal(SIGXFSZ, SIG_DFL);
  execute_prepared(prepared);
  cannot_execute(prepared.file, errno);
}

int memory_file(const char* name) {
#ifdef __linux__
  const int fd = ::memfd_create(name, 0);
#else
  std::string path = std::string("/tmp/") + name + "-XXXXXX";
  const int fd = ::mkstemp(path.data());
  if (fd >= 0) ::unlink(path.c_str());
#endif
  if (fd < 0) throw_errno("cannot create a file in memory", name);
  return fd;
}

void write_all(int fd, const std::string& text) {
  const char* at = text.data();
  std::size_t size = text.size();
  while (size > 0) {
    const ssize_t n = ::write(fd, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno("cannot write", "");
    at += n;
    size -= static_cast<std::size_t>(n);
  }
}

std::string read_from_start(int fd) {
  std::string text;
  char buffer[16384];
  while (true) {
    const ssize_t n = ::pread(fd, buffer, sizeof buffer, static_cast<off_t>(text.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno("cannot read descriptor " + std::to_string(fd), "");
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
  }
}

void close_on_exec(int fd) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

}  // namespace runner::runtime
