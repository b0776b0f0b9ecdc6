#include "base/append_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/flush.h"

namespace runner {

AppendFile::AppendFile(std::filesystem::path path) : path_(std::move(path)) {
  struct stat info {};
  if (::lstat(path_.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    throw RunError("is " + describe_kind(info.st_mode) + "; only a regular file is written to",
                   path_.string());
  // O_NONBLOCK: what takes the name in between, a fifo with no reader, is not waited for.
  constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  fd_ = ::open(path_.c_str(), flags, 0644);
  if (fd_ < 0) throw_errno("cannot write", path_.string());
  if (::fstat(fd_, &info) == 0 && S_ISREG(info.st_mode)) return;
  ::close(fd_);
  throw RunError("is no regular file by now", path_.string());
}

AppendFile::~AppendFile() {
  ::close(fd_);
}

void AppendFile::add(std::string_view text) {
  struct stat before {};
  int code = ::fstat(fd_, &before) == 0 ? 0 : errno;
  for (std::size_t at = 0; code == 0 && at < text.size();) {
    const ssize_t n = ::write(fd_, text.data() + at, text.size() - at);
    if (n >= 0)
      at += static_cast<std::size_t>(n);
    else if (errno != EINTR)
      code = errno;
  }
  if (code == 0) return;
  if (::ftruncate(fd_, before.st_size) != 0) code = errno;
  errno = code;
  throw_errno("cannot write", path_.string());
}

void AppendFile::flush_to_disk() const {
  runner::flush_to_disk(fd_);
}

}  // namespace runner
