#pragma once
// runner.1: every command with its flags, and the exit codes.

#include <string>
#include <vector>

#include "cli/help/described.h"

namespace runner::cli {

std::string man_page(const std::vector<DescribedCommand>& commands);

}  // namespace runner::cli
