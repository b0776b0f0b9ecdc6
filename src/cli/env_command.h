#pragma once
// runner env.

#include "cli/help/described.h"

namespace runner::cli {

// argv[0] is the command's name. Returns the exit code; throws runner::Error.
int env_command(int argc, char** argv);
DescribedCommand describe_env_command(const std::string& name);

}  // namespace runner::cli
