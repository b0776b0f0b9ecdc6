#pragma once
// runner run and runner plan of a pipeline.

#include <filesystem>
#include <vector>

#include "cli/help/described.h"

namespace runner::cli {

// argv[0] is `run` or `plan`; the file that the line names is a pipeline. Returns the exit code: of the first
// step that failed. Throws runner::Error.
int pipeline_command(int argc, char** argv);
// `run` and `plan` with the flags of jobs and of pipelines.
DescribedCommand describe_run_command(const std::string& name);

}  // namespace runner::cli
