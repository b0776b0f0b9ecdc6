#pragma once

#include <string>

namespace runner {

// One word for a POSIX shell: as it is when nothing in it has a meaning there, else in quotes.
std::string shell_quoted(const std::string& word);

// The same for a command that is kept or shown: where a secret stands (base/secrets.h), the shell puts in the
// variable.
std::string shell_quoted_without_secrets(const std::string& word);

}  // namespace runner
