#pragma once
// Several trainings on one page.

#include <string>
#include <vector>

#include "report/run_report.h"

namespace runner::report {

// Best figures side by side, curves over each other, and what differs in the configurations.
std::string comparison_page(const std::vector<ReportedRun>& runs);

}  // namespace runner::report
