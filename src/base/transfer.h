#pragma once
// read(2), pread(2) and pwrite(2) as callers mean them: a signal that comes between is no error, and less
// than was asked for is not the end.

#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace runner {

// At most `size` bytes, 0 at the end; -1 and errno.
inline ssize_t read_some(int fd, void* to, std::size_t size) {
  ssize_t got;
  do {
    got = ::read(fd, to, size);
  } while (got < 0 && errno == EINTR);
  return got;
}

// `size` bytes, fewer only where the file ends; -1 and errno.
inline ssize_t read_at(int fd, void* to, std::size_t size, off_t at) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(fd, static_cast<char*>(to) + done, size - done, at + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

// All of it; false and errno.
inline bool write_at(int fd, const void* from, std::size_t size, off_t at) {
  for (std::size_t done = 0; done < size;) {
    const ssize_t written =
        ::pwrite(fd, static_cast<const char*>(from) + done, size - done, at + static_cast<off_t>(done));
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace runner
