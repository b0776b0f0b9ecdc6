#pragma once
// What a job of the table in jobs/registry.h does on the command line, and `run` and `plan`.

#include "cli/help/described.h"

namespace runner::cli {

// argv[0] is the command's name. Returns the exit code; throws runner::Error.
int job_command(int argc, char** argv);
DescribedCommand describe_job_command(const std::string& name);

}  // namespace runner::cli
