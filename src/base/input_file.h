#pragma once
// The door for files that somebody else may have made: opened without waiting, and only when they are files.

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>

namespace runner {

// "a fifo", "a folder", "a device", "a socket"; "a regular file".
const char* file_kind(mode_t mode);

// A descriptor for reading, closed over exec. Anything but a regular file is refused, unopened: a fifo would
// be waited for, a device never ends, and opening one may do something. Throws RunError when it cannot be
// opened, DataError for another kind; both name it.
int open_regular_file(const std::filesystem::path& path);

// Whole contents of a regular file of at most `most_bytes`. Throws as open_regular_file, and DataError for a
// larger one.
std::string read_regular_file(const std::filesystem::path& path, std::size_t most_bytes);

}  // namespace runner
