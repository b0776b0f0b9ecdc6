#pragma once
// Which call is struck: what the FAULT variables of tests/faults/inject_faults.cpp say.

namespace runner::test {

enum class Strike { none, error, half };

// Counts the call, and says whether it is the one. errno is set for an error, and as it was otherwise. `path`
// is absolute; "" for a call that has none.
Strike strike(const char* name, const char* path);
// The same for a path below a folder's descriptor, and for an open file.
Strike strike_at(const char* name, int folder, const char* path);
Strike strike_fd(const char* name, int fd);

}  // namespace runner::test
