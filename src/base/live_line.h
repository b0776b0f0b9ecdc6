#pragma once
// The one line at the end of stderr that is drawn again and again, for as long as something long goes on. It
// never takes more than one row of the terminal, whatever width that has by now.

#include <string>
#include <string_view>
#include <vector>

namespace runner {

struct LinePart {
  std::string text;
  int rank = 0;       // parts of the lowest rank go first where there is no room
  double share = -1;  // 0 to 1: no text but a bar, which takes the room that is left
};

// The parts side by side in no more than `width` columns: those of the lowest ranks left out, the last one
// cut.
std::string fit(std::vector<LinePart> parts, std::size_t width);

namespace live_line {

// On a terminal that can redraw; else nothing. `parts`: printable text.
void draw(std::vector<LinePart> parts);
void end();
// Whole lines to stderr, above the live line where there is one. Never throws.
void tell_above(std::string_view lines) noexcept;
// What a process that is gone has left drawn.
void clear_remains();

}  // namespace live_line
}  // namespace runner
