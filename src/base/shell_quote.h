#pragma once

#include <string>

namespace runner {

// One word for a POSIX shell: as it is when nothing in it has a meaning there, else in quotes.
std::string shell_quoted(const std::string& word);

}  // namespace runner
