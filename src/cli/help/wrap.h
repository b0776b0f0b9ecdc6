#pragma once
// Help in the width of a terminal, broken at blanks only.

#include <string>

#include "base/terminal.h"

namespace runner::cli {

// Columns of the terminal that stdout is; 80 where it is none, or does not say.
std::size_t help_width();

// Command lines as they stand in an example: broken ones end in " \" and can be pasted.
std::string wrap_example(const std::string& text, std::size_t width);

// "  left   text": `text` begins at `column`, on a line of its own where `left` reaches into it.
std::string beside(const std::string& left, const std::string& text, std::size_t column, std::size_t width);

}  // namespace runner::cli
