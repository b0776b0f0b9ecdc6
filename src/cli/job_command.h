#pragma once
// What a job of the table in jobs/registry.h does on the command line, and `run` and `plan`.

namespace runner::cli {

// argv[0] is the command's name. Returns the exit code; throws runner::Error.
int job_command(int argc, char** argv);

}  // namespace runner::cli
