#pragma once
// Colour for people who read a terminal. What is coloured: words of a state, where they fill a table's cell.

#include <string>
#include <vector>

namespace runner {

enum class ColourMode { automatic, always, never };
inline std::vector<std::string> words_of(ColourMode) {
  return {"auto", "always", "never"};
}

// --color, for this process.
void set_colour_mode(ColourMode mode);
ColourMode colour_mode();

// What the mode says; for auto NO_COLOR, then CLICOLOR_FORCE, then CLICOLOR=0, where they are set
// (no-color.org, bixense.com/clicolors); else whether the descriptor is a terminal that is not dumb.
bool colour_allowed(int fd);

// Every cell (what two blanks, a tab or the line's ends surround) that is a word of a state and nothing else
// is coloured: FAIL, error red, warning, slow yellow, pass, one green.
std::string colour_states(const std::string& text);

}  // namespace runner
