#pragma once
// What -h and --help print.

#include <string>

#include "cli/help/described.h"

namespace runner::cli {

enum class HelpLength { brief, full };

// Of one command. brief: what it is and its flags; full: examples, notes and the file's keys as well.
std::string help_text(const DescribedCommand& command, HelpLength length, std::size_t width);

// One flag or key in words: "(one of a, b, c) [default: a]" and the like, to stand behind its help.
std::string value_words(const std::vector<std::string>& choices, const std::string& limits,
                        const std::string& default_value);

// "runner search [FLAGS] [INDEX]"
std::string usage_line(const DescribedCommand& command);

}  // namespace runner::cli
