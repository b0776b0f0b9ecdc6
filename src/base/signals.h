#pragma once
// SIGINT, SIGTERM and SIGHUP (a terminal that went away) as a flag that long work looks at between steps.

namespace runner {

// Installs the handlers; nohup's ignored SIGHUP stays ignored. The first signal sets the flag; another one, a
// second or more later, ends the process at once. Another call takes them back from a library that has taken
// them since.
void catch_stop_signals();
// 0, or the number of the signal that asked this process to stop: SIGHUP counts as SIGTERM.
int stop_signal();

}  // namespace runner
