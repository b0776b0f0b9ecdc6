#pragma once
// runner doctor: which OpenMP runtimes and BLAS pools would meet, or do meet, in a process; and what to do.

namespace runner::cli {

// argv[0] is "doctor". Returns the exit code; throws runner::Error.
int doctor_command(int argc, char** argv);

}  // namespace runner::cli
