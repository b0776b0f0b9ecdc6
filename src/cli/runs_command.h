#pragma once
// runner runs list|show|diff|report|verify|clean.

namespace runner::cli {

// argv[0] is the command's name. Returns the exit code; throws runner::Error.
int runs_command(int argc, char** argv);

}  // namespace runner::cli
