#pragma once
// Any program under the bootstrap's environment, supervised: its death by an OpenMP conflict is explained.

#include <optional>
#include <string>
#include <vector>

#include "environment/cpu_limits.h"
#include "openmp_scan/scan.h"

namespace runner::runtime {

struct ProgramEnding {
  int exit_code = 0;  // 128 + n when killed by signal n
  int signal = 0;
  int passed_on = 0;  // the last signal that this process had to pass on
  std::string last_stderr;
  std::optional<ScanResult> loaded;  // what was in the process when it died
};

// Runs the program to its end; stdin and stdout are its own, stderr passes through. Signals for this process
// are passed on, except those that the terminal sends to both. Throws EnvironmentError when it cannot be
// started.
ProgramEnding run_program(const std::vector<std::string>& command, const Environment& environment);

// "killed by SIGKILL; `ulimit -v` allows 2.0 GB of addresses"; "" when it exited, or died of what was passed
// on to it or of its reader's end (SIGPIPE).
std::string death(const ProgramEnding& ending);

// The diagnosis, several lines; "" when the end has nothing to do with OpenMP: it was not killed by SIGABRT
// or SIGSEGV (nor says its exit code, 134 or 139, that a child of it was), or neither its stderr nor what it
// had loaded shows a conflict.
std::string diagnose(const ProgramEnding& ending);

}  // namespace runner::runtime
