#pragma once
// What `runner -h` and `runner --help` print: every command, and what holds for all of them.

#include <string>
#include <utility>
#include <vector>

#include "cli/help/help_text.h"

namespace runner::cli {

std::string overview(HelpLength length, std::size_t width);

// Each exit code with its meaning, as README.md has them: {"5", "a quality gate failed …"}.
const std::vector<std::pair<std::string, std::string>>& exit_codes();

}  // namespace runner::cli
