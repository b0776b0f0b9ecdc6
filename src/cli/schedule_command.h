#pragma once
// runner schedule install|list|status|remove|start.

namespace runner::cli {

// argv[0] is the command's name. Returns the exit code; throws runner::Error.
int schedule_command(int argc, char** argv);

}  // namespace runner::cli
