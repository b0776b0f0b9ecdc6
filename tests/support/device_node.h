#pragma once

#include <sys/stat.h>

#include <filesystem>

namespace runner::test {

// A device as /dev/null is one, whose number is the system's. False where this user cannot make a node.
inline bool make_null_device(const std::filesystem::path& path) {
  struct stat null {};
  return ::stat("/dev/null", &null) == 0 && ::mknod(path.c_str(), S_IFCHR | 0600, null.st_rdev) == 0;
}

}  // namespace runner::test
