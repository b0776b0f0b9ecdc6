#pragma once
// runner runs list|show|diff|report|verify|clean.

#include "cli/help/described.h"

namespace runner::cli {

// argv[0] is the command's name. Returns the exit code; throws runner::Error.
int runs_command(int argc, char** argv);
DescribedCommand describe_runs_command(const std::string& name);

}  // namespace runner::cli
