#pragma once
// What the terminal behind a descriptor is and can do.

#include <cstddef>

namespace runner {

// A terminal that can redraw a line: TERM is set and not dumb.
bool is_live_terminal(int fd);

// Columns that it has now; `otherwise` where it is none, or does not say.
std::size_t terminal_width(int fd, std::size_t otherwise = 80);

}  // namespace runner
