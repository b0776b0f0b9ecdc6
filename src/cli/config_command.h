#pragma once
// runner config show|check|schema.

namespace runner::cli {

// argv[0] is the command's name. Returns the exit code; throws runner::Error.
int config_command(int argc, char** argv);

}  // namespace runner::cli
