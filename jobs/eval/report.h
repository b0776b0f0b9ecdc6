#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "five_cat/five_cat_gates.h"

namespace runner::jobs {

// The table for people: every figure of both splits, then the gates, failed ones with their reason.
std::string eval_table(const Json& val, const Json& ood, const std::vector<lvm::cat::Gate>& gates);

}  // namespace runner::jobs
