#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>

#include "base/error.h"

namespace runner {
namespace {

int open_lock(const std::filesystem::path& path) {
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) throw_errno("cannot open the lock file", path.string());
  return fd;
}

bool flock_retrying(int fd, int operation) {
  int result;
  do {
    result = ::flock(fd, operation);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

void write_holder(int fd) {
  const std::string text = std::to_string(::getpid()) + "\n";
  // Only a hint for messages: a failure to write it does not matter.
  if (::ftruncate(fd, 0) == 0) [[maybe_unused]]
    const auto n = ::pwrite(fd, text.data(), text.size(), 0);
}

}  // namespace

FileLock FileLock::wait(const std::filesystem::path& path) {
  FileLock lock(open_lock(path));
  if (!flock_retrying(lock.fd_, LOCK_EX)) throw_errno("cannot lock", path.string());
  write_holder(lock.fd_);
  return lock;
}

std::optional<FileLock> FileLock::try_lock(const std::filesystem::path& path) {
  FileLock lock(open_lock(path));
  if (!flock_retrying(lock.fd_, LOCK_EX | LOCK_NB)) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    throw_errno("cannot lock", path.string());
  }
  write_holder(lock.fd_);
  return lock;
}

int FileLock::holder(const std::filesystem::path& path) {
  std::ifstream in(path);
  int pid = 0;
  in >> pid;
  return pid;
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace runner
