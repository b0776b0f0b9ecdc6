#pragma once
// runner json: values of a JSON object by their keys, for shell scripts that have no parser of their own.

#include "cli/help/described.h"

namespace runner::cli {

// argv[0] is the command's name. Returns the exit code; throws runner::Error.
int json_command(int argc, char** argv);
DescribedCommand describe_json_command(const std::string& name);

}  // namespace runner::cli
