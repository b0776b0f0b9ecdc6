#pragma once
// What a training came from: parts of report.html, each a section of HTML, "" where a run has nothing to
// tell.

#include <string>

#include "report/run_report.h"

namespace runner::report {

// Files with their hashes, and how they were split.
std::string data_section(const ReportedRun& run);
// Each key with its origin.
std::string configuration_section(const ReportedRun& run);
// Versions, the OpenMP verdict, and the variables that were set with their reasons.
std::string environment_section(const ReportedRun& run);
// To do it again, and to look at it elsewhere.
std::string commands_section(const ReportedRun& run);

}  // namespace runner::report
