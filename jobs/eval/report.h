#pragma once
#include <string>

#include "contract/eval_report.h"

namespace runner::jobs {

// The table for people: every figure of both splits, then the gates, failed ones with their reason.
std::string eval_table(const EvalReport& report, std::size_t width);

}  // namespace runner::jobs
