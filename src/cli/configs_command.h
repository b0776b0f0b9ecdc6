#pragma once
// runner configs list|show|copy: the configurations that ship with the runner.

#include <string>

#include "cli/help/described.h"

namespace runner::cli {

// argv[0] is "configs". Returns the exit code; throws runner::Error.
int configs_command(int argc, char** argv);
DescribedCommand describe_configs_command(const std::string& name);

}  // namespace runner::cli
