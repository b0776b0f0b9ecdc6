#pragma once
// runner exec.

#include "cli/help/described.h"

namespace runner::cli {

// argv[0] is the command's name. Returns the exit code; throws runner::Error.
int exec_command(int argc, char** argv);
DescribedCommand describe_exec_command(const std::string& name);

}  // namespace runner::cli
