#pragma once
// stdout and stderr of this process. What is told on stderr may get lost (a terminal that went away, a full
// disk); a result on stdout may not.

#include <string_view>

namespace runner {

// First thing in each process. A descriptor among 0 to 2 that is closed is taken by one that fails, so that
// no file opened later gets its number; and a pipe that nobody reads is a failed write, not this process's
// end. Programs that this process executes find SIGPIPE as it was.
void prepare_console();

// To stderr, as far as it goes. Never throws.
void tell(std::string_view text) noexcept;

// Last thing in each process: `exit_code`, or 1 in place of 0 when something printed to stdout did not
// arrive, with a line on stderr.
int finish_results(int exit_code) noexcept;

}  // namespace runner
