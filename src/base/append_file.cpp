#include "base/append_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/write_access.h"

namespace runner {

AppendFile::AppendFile(std::filesystem::path path) : path_(std::move(path)) {
  refuse_foreign_links(path_.parent_path());
  const mode_t mode = file_system().mode_of(path_);
  if (mode != 0 && !S_ISREG(mode))
    throw RunError("is " + describe_kind(mode) + "; only a regular file is written to", path_.string());
  fd_ = file_system().open_to_append(path_);
  if (fd_ < 0) throw_errno("cannot write", path_.string());
  struct stat info {};
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
    const ssize_t n = file_system().write(fd_, text.data() + at, text.size() - at);
    if (n >= 0)
      at += static_cast<std::size_t>(n);
    else if (errno != EINTR)
      code = errno;
  }
  if (code == 0) return;
  if (file_system().truncate(fd_, before.st_size) != 0) code = errno;
  errno = code;
  throw_errno("cannot write", path_.string());
}

void AppendFile::flush_to_disk() const {
  file_system().flush(fd_);
}

}  // namespace runner
