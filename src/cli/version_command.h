#pragma once
// runner --version [--verbose]

namespace runner::cli {

// argv[0] is "--version". Returns the exit code; throws UsageError.
int version_command(int argc, char** argv);

}  // namespace runner::cli
