#pragma once
// runner schedule install|list|status|remove|start.

#include "cli/help/described.h"

namespace runner::cli {

// argv[0] is the command's name. Returns the exit code; throws runner::Error.
int schedule_command(int argc, char** argv);
DescribedCommand describe_schedule_command(const std::string& name);

}  // namespace runner::cli
