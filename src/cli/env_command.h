#pragma once
// runner env.

namespace runner::cli {

// argv[0] is the command's name. Returns the exit code; throws runner::Error.
int env_command(int argc, char** argv);

}  // namespace runner::cli
