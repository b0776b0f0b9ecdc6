#include "base/live_line.h"

#include <unistd.h>

#include <algorithm>
#include <mutex>

#include "base/console.h"
#include "base/terminal.h"
#include "base/utf8.h"

namespace runner {
namespace {

constexpr std::size_t least_bar = 8, most_bar = 26;  // with its brackets

std::string bar(double share, std::size_t width) {
  const std::size_t inside = width - 2;
  const auto full = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(inside));
  std::string text(inside, '.');
  std::fill_n(text.begin(), full, '=');
  if (full < inside) text[full] = '>';
  return "[" + text + "]";
}

bool is_bar(const LinePart& part) {
  return part.share >= 0;
}

std::size_t gap_before(const LinePart& part) {
  return is_bar(part) ? 1 : 2;
}

// With a bar at its narrowest.
std::size_t least_width(const std::vector<LinePart>& parts) {
  std::size_t width = 0;
  for (const LinePart& part : parts)
    width += (width == 0 ? 0 : gap_before(part)) + (is_bar(part) ? least_bar : columns(part.text));
  return width;
}

struct Drawn {
  std::mutex mutex;
  std::vector<LinePart> parts;  // empty: nothing is drawn
};

Drawn& drawn() {
  static Drawn line;
  return line;
}

constexpr const char* clear_line = "\r\033[J";

// Ends where it began, so that the terminal keeps the cursor on its first row when it breaks the line anew
// for another width, and clearing from there takes all of it. Without wrapping: the width may change
// meanwhile.
std::string drawing(const std::vector<LinePart>& parts) {
  const std::size_t width = terminal_width(STDERR_FILENO);
  return clear_line + ("\033[?7l" + fit(parts, width - std::min<std::size_t>(width, 1))) + "\033[?7h\r";
}

}  // namespace

std::string fit(std::vector<LinePart> parts, std::size_t width) {
  const auto by_rank = [](const LinePart& a, const LinePart& b) { return a.rank < b.rank; };
  while (parts.size() > 1 && least_width(parts) > width)
    parts.erase(std::min_element(parts.begin(), parts.end(), by_rank));
  const std::size_t least = least_width(parts), spare = width - std::min(width, least);
  std::string text;
  for (const LinePart& part : parts) {
    if (!text.empty()) text += std::string(gap_before(part), ' ');
    text += is_bar(part) ? bar(part.share, std::min(most_bar, least_bar + spare)) : part.text;
  }
  return first_columns(text, width);
}

namespace live_line {

void draw(std::vector<LinePart> parts) {
  if (!is_live_terminal(STDERR_FILENO)) return;
  const std::lock_guard lock(drawn().mutex);
  drawn().parts = std::move(parts);
  tell(drawing(drawn().parts));
}

void end() {
  const std::lock_guard lock(drawn().mutex);
  if (!drawn().parts.empty()) tell(clear_line);
  drawn().parts.clear();
}

void tell_above(std::string_view lines) noexcept {
  try {
    const std::lock_guard lock(drawn().mutex);
    if (drawn().parts.empty()) return tell(lines);
    tell(clear_line + std::string(lines) + drawing(drawn().parts));
  } catch (...) {
    tell(lines);
  }
}

void clear_remains() {
  if (is_live_terminal(STDERR_FILENO)) tell(clear_line);
}

}  // namespace live_line
}  // namespace runner
