#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/write_access.h"

namespace runner {
namespace {

constexpr std::size_t longest_holder = 16;  // a process number and a line end

// No link is followed, and what is no file is neither opened nor written to.
int open_lock(const std::filesystem::path& path) {
  refuse_foreign_links(path.parent_path());
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (error) throw RunError("cannot create the folder: " + error.message(), path.parent_path().string());
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode)) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    if (fd >= 0 && ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) return fd;
    if (fd < 0 && errno != ELOOP) throw_errno("cannot open the lock file", path.string());
    if (fd >= 0) ::close(fd);
    ::lstat(path.c_str(), &info);
  }
  throw UsageError("is " + describe_kind(info.st_mode) +
                       "; a lock needs a regular file of this name, so move it away or take another output",
                   path.string());
}

bool flock_retrying(int fd, int operation) {
  int result;
  do {
    result = ::flock(fd, operation);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

// The process in a lock file of ours (0: it is empty); -1 for other contents.
int read_holder(int fd) {
  char text[longest_holder + 1];
  const ssize_t size = ::pread(fd, text, sizeof text, 0);
  if (size <= 0) return size == 0 ? 0 : -1;
  int pid = 0;
  const auto [end, error] = std::from_chars(text, text + size, pid);
  const bool ours = error == std::errc() && end + 1 == text + size && *end == '\n' && pid > 0;
  return ours ? pid : -1;
}

void write_holder(int fd) {
  if (read_holder(fd) < 0)
    return;  // another program's lock, or no lock at all: it is held, its contents stay
  const std::string text = std::to_string(::getpid()) + "\n";
  // Only a hint for messages: a failure to write it does not matter.
  if (::ftruncate(fd, 0) == 0) [[maybe_unused]]
    const auto n = ::pwrite(fd, text.data(), text.size(), 0);
}

}  // namespace

// A lock on a file that was removed in the meantime keeps nobody out: then the new one is locked.
FileLock FileLock::wait(const std::filesystem::path& path) {
  while (true) {
    FileLock lock(open_lock(path));
    if (!flock_retrying(lock.fd_, LOCK_EX)) throw_errno("cannot lock", path.string());
    if (!lock.still_at(path)) continue;
    write_holder(lock.fd_);
    return lock;
  }
}

std::optional<FileLock> FileLock::try_lock(const std::filesystem::path& path) {
  while (true) {
    FileLock lock(open_lock(path));
    if (!flock_retrying(lock.fd_, LOCK_EX | LOCK_NB)) {
      if (errno == EWOULDBLOCK) return std::nullopt;
      throw_errno("cannot lock", path.string());
    }
    if (!lock.still_at(path)) continue;
    write_holder(lock.fd_);
    return lock;
  }
}

int FileLock::holder(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return 0;
  const int pid = read_holder(fd);
  ::close(fd);
  return std::max(pid, 0);
}

bool FileLock::held(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return false;
  const bool held = !flock_retrying(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
  ::close(fd);
  return held;
}

bool FileLock::still_at(const std::filesystem::path& path) const {
  struct stat ours {
  }, there{};
  return ::fstat(fd_, &ours) == 0 && ::stat(path.c_str(), &there) == 0 && ours.st_dev == there.st_dev &&
         ours.st_ino == there.st_ino;
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace runner
