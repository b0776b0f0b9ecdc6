#pragma once
// This program again, with a command of its own: how whoever starts runs starts them.

#include <string>
#include <vector>

#include "worker/processes/process.h"

namespace runner::runtime {

// `runner WORDS...` in this process's environment, to be spawned.
ChildSetup own_command(const std::vector<std::string>& words);

struct CommandEnding {
  int exit_code = 0;  // 128 + n when killed by signal n
  int passed_on = 0;  // the last SIGINT, SIGTERM or SIGHUP that this process got meanwhile; 0: none
};
// Runs a child of this process's own group to its end. Signals are passed on, except those that the terminal
// sends to both.
CommandEnding run_to_end(const ChildSetup& setup);

}  // namespace runner::runtime
