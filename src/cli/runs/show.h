#pragma once
// runner runs show and diff: one run on one screen, and what tells two runs apart.

#include <string>

#include "cli/runs/past_run.h"

namespace runner::cli {

std::string run_screen(const PastRun& run);

// Keys whose values differ, figures with their difference, versions; nothing that is equal. As text, and for
// --json:
// {"a", "b", "config": {key: {"a", "b"}}, "figures": {name: {"a", "b", "difference"}}, "versions": {…},
// "inputs": {…}}.
Json run_difference(const PastRun& a, const PastRun& b);
std::string difference_text(const Json& difference);

}  // namespace runner::cli
