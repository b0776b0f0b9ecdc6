#pragma once
// What the terminal behind a descriptor is and can do.

#include <cstddef>
#include <string>

namespace runner {

// A terminal that can redraw a line: TERM is set and not dumb.
bool is_live_terminal(int fd);

// Columns that it has now; `otherwise` where it is none, or does not say.
std::size_t terminal_width(int fd, std::size_t otherwise = 80);

// One line in pieces of at most `width` columns where its words allow that, broken at blanks only. The first
// keeps its own blanks in front, others begin at `indent` columns; `ending` stands behind each but the last.
std::string wrap_line(const std::string& line, std::size_t width, std::size_t indent,
                      const std::string& ending = "");
// Each line of `text` so.
std::string wrap(const std::string& text, std::size_t width, std::size_t indent = 0);

}  // namespace runner
