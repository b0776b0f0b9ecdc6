#pragma once
// Stacks of a worker's threads: written by the worker's signal handler, asked for and read by the launcher.

#include <sys/types.h>

#include <string>

#include "base/status.h"

namespace runner::runtime {

// Launcher: every thread of `pid` with its name, state, what it waits for, and its stack where it answers
// within a moment. `page` is the worker's status page, `fd` the file that the worker writes to.
std::string thread_stacks(pid_t pid, int fd, const StatusPage& page);
// What the handlers wrote before a crash; "" for nothing.
std::string crash_stack(int fd);

// "/lib/libc.so.6(_ZN3foo3barEv+0x12)[0x7f]" → "libc.so.6: foo::bar()+0x12".
std::string readable_frame(const std::string& line);

}  // namespace runner::runtime
