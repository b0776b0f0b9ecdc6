#include "strike.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

namespace runner::test {
namespace {

struct Settings {
  bool meant = false;
  std::string under, calls;
  long at = 0;
  std::string fault;
  int code = 0;
  int log = -1;
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

int errno_named(const std::string& name) {
  static constexpr std::array<std::pair<const char*, int>, 10> known = {{{"ENOSPC", ENOSPC},
                                                                         {"EIO", EIO},
                                                                         {"EINTR", EINTR},
                                                                         {"EMFILE", EMFILE},
                                                                         {"EAGAIN", EAGAIN},
                                                                         {"EACCES", EACCES},
                                                                         {"ENOMEM", ENOMEM},
                                                                         {"EROFS", EROFS},
                                                                         {"EDQUOT", EDQUOT},
                                                                         {"ESTALE", ESTALE}}};
  for (const auto& [word, code] : known)
    if (name == word) return code;
  return 0;
}

bool is_worker() {
  char line[4096] = {0};
  const int fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY));
  const long n = fd < 0 ? 0 : ::syscall(SYS_read, fd, line, sizeof line - 1);
  if (fd >= 0) ::syscall(SYS_close, fd);
  const char* second = line + std::strlen(line) + 1;
  return n > 0 && second < line + n && std::strcmp(second, "--worker") == 0;
}

const Settings& settings() {
  // Never destroyed: other libraries' destructors still call.
  static const Settings* const all = [] {
    auto* s = new Settings;
    s->under = variable("FAULT_UNDER");
    s->calls = variable("FAULT_CALLS");
    s->at = std::atol(variable("FAULT_AT").c_str());
    s->fault = variable("FAULT");
    s->code = errno_named(s->fault);
    s->meant = variable("FAULT_IN") == (is_worker() ? "worker" : "launcher");
    if (const std::string log = variable("FAULT_LOG"); s->meant && !log.empty())
      s->log = static_cast<int>(
          ::syscall(SYS_openat, AT_FDCWD, log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    return s;
  }();
  return *all;
}

std::atomic<long> counted{0};
std::atomic<bool> disk_full{false};

bool listed(const std::string& list, char separator, const char* word, bool as_prefix) {
  for (std::size_t start = 0; start < list.size();) {
    const std::size_t end = std::min(list.find(separator, start), list.size());
    const std::string item = list.substr(start, end - start);
    if (!item.empty() && (as_prefix ? std::strncmp(word, item.c_str(), item.size()) == 0 : item == word))
      return true;
    start = end + 1;
  }
  return false;
}

void note(const char* name, const char* path) {
  char text[4200];
  const int size = std::snprintf(text, sizeof text, "%s %s\n", name, path);
  ::syscall(SYS_write, settings().log, text, static_cast<std::size_t>(size));
}

// `path` as seen from a folder's descriptor; "" of a descriptor that has none below a folder.
std::string full_path(int folder, const char* path) {
  if (path == nullptr) return "";
  char here[4096];
  std::string base;
  if (path[0] != '/') {
    char link[64];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    const long n =
        ::syscall(SYS_readlinkat, AT_FDCWD, folder == AT_FDCWD ? "/proc/self/cwd" : link, here, sizeof here);
    if (n <= 0) return "?";
    base.assign(here, static_cast<std::size_t>(n));
    if (*path != '\0') base += '/';
  }
  return base + path;
}

}  // namespace

Strike strike(const char* name, const char* path) {
  const int before = errno;
  const Settings& s = settings();
  if (!s.meant || path == nullptr) return Strike::none;
  if (*path != '\0' && !listed(s.under, ':', path, true)) return Strike::none;
  if (!s.calls.empty() && !listed(s.calls, ',', name, false)) return Strike::none;
  const long number = counted.fetch_add(1) + 1;
  if (s.log >= 0) note(name, path);
  errno = before;
  if (number != s.at && !disk_full) return Strike::none;
  if (s.fault == "kill" && is_worker()) ::kill(::getppid(), SIGKILL);
  if (s.fault == "kill" || s.fault == "die") {
    ::kill(::getpid(), SIGKILL);
    ::pause();
  }
  if (s.fault == "delay") ::usleep(50000);
  if (s.fault == "short") return Strike::half;
  if (s.code == 0) return Strike::none;
  if (s.code == ENOSPC) disk_full = true;
  errno = s.code;
  return Strike::error;
}

Strike strike_at(const char* name, int folder, const char* path) {
  if (!settings().meant) return Strike::none;
  const int before = errno;
  const std::string full = full_path(folder, path);
  errno = before;
  return strike(name, full.c_str());
}
Strike strike_fd(const char* name, int fd) {
  return fd < 0 ? Strike::none : strike_at(name, fd, "");
}

}  // namespace runner::test
