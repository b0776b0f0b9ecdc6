#pragma once
// runner doctor: which OpenMP runtimes and BLAS pools would meet, or do meet, in a process; and what to do.

#include "cli/help/described.h"

namespace runner::cli {

// argv[0] is "doctor". Returns the exit code; throws runner::Error.
int doctor_command(int argc, char** argv);
DescribedCommand describe_doctor_command(const std::string& name);

}  // namespace runner::cli
