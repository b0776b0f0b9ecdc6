#pragma once
// Inside environment/ only: the thread numbers of all pools, OpenMP's first; the others follow it.

#include <vector>

#include "environment/bootstrap_rules.h"

namespace runner::runtime::detail {

void decide_threads(const Inputs& in, std::vector<Decision>& out);

}  // namespace runner::runtime::detail
