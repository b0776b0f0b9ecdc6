#pragma once
// SIGINT and SIGTERM as a flag that long work looks at between steps.

namespace runner {

// Installs the handlers. The first signal sets the flag; another one, a second or more
// later, ends the process at once.
void catch_stop_signals();
// 0, or the number of the signal that asked this process to stop.
int stop_signal();
// For tests and for a stop that comes from elsewhere.
void request_stop(int signal);

}  // namespace runner
