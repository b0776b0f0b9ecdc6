#pragma once
// runner config show|check|schema.

#include "cli/help/described.h"

namespace runner::cli {

// argv[0] is the command's name. Returns the exit code; throws runner::Error.
int config_command(int argc, char** argv);
DescribedCommand describe_config_command(const std::string& name);

}  // namespace runner::cli
