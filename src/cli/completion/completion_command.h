#pragma once
// runner completion bash|zsh|fish: a script for that shell.

#include <string>

#include "cli/help/described.h"

namespace runner::cli {

// argv[0] is "completion". Returns the exit code; throws UsageError.
int completion_command(int argc, char** argv);
DescribedCommand describe_completion_command(const std::string& name);

}  // namespace runner::cli
