#include "base/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/error.h"
#include "base/progress.h"

namespace runner {

const char* file_kind(mode_t mode) {
  if (S_ISREG(mode)) return "a regular file";
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a fifo";
  return S_ISSOCK(mode) ? "a socket" : "a device";
}

namespace {

[[noreturn]] void refuse(mode_t mode, const std::filesystem::path& path) {
  const std::string way = S_ISFIFO(mode)  ? ": write what comes out of it to a file first (cat >FILE)"
                          : S_ISDIR(mode) ? ": name the file in it"
                                          : "";
  throw DataError(std::string("is ") + file_kind(mode) + ", expected a regular file" + way, path.string());
}

}  // namespace

int open_regular_file(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) refuse(info.st_mode, path);
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) throw_errno("cannot read", path.string());
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) return fd;
  ::close(fd);
  refuse(info.st_mode, path);  // it took the file's place just now
}

std::string read_regular_file(const std::filesystem::path& path, std::size_t most_bytes) {
  const int fd = open_regular_file(path);
  std::string text;
  struct stat info {};
  ::fstat(fd, &info);
  bool too_large = static_cast<std::uintmax_t>(info.st_size) > most_bytes;
  if (!too_large) text.reserve(static_cast<std::size_t>(info.st_size));
  ssize_t got = 1;
  int code = 0;
  for (char buffer[65536]; !too_large && got != 0 && code == 0; too_large = text.size() > most_bytes) {
    got = ::read(fd, buffer, sizeof buffer);
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
    if (got < 0 && errno != EINTR) code = errno;
  }
  ::close(fd);
  errno = code;
  if (code != 0) throw_errno("cannot read", path.string());
  if (too_large)
    throw DataError("is larger than " + format_bytes(static_cast<double>(most_bytes)), path.string());
  return text;
}

}  // namespace runner
