#include "cli/help/wrap.h"

#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/terminal.h"
#include "base/utf8.h"

namespace runner::cli {
namespace {

constexpr std::size_t least_width = 20;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// One line, whose first piece keeps its own blanks in front; `ending` stands behind each piece but the last.
std::string wrap_line(const std::string& line, std::size_t width, std::size_t indent,
                      const std::string& ending) {
  if (columns(line) <= width) return line;
  const std::size_t room = width - std::min(width - 1, ending.size());
  std::size_t at = std::min(line.find_first_not_of(' '), line.size());
  std::string out, piece = line.substr(0, at);
  bool holds_word = false;
  while (at < line.size()) {
    const std::size_t blank = std::min(line.find(' ', at), line.size());
    const std::size_t next = std::min(line.find_first_not_of(' ', blank), line.size());
    const std::string word = line.substr(at, blank - at);
    if (holds_word && columns(piece) + columns(word) > room) {
      out += piece.substr(0, piece.find_last_not_of(' ') + 1) + ending + "\n";
      piece = std::string(indent, ' ');
    }
    piece += word + line.substr(blank, next - blank);
    holds_word = true;
    at = next;
  }
  return out + piece.substr(0, piece.find_last_not_of(' ') + 1);
}

std::string each_line(const std::string& text, std::size_t width, std::size_t indent, bool is_example) {
  std::string out;
  bool first = true;
  for (const std::string& line : lines_of(text)) {
    const std::size_t own = std::min(line.find_first_not_of(' '), line.size());
    const bool command = is_example && line.compare(own, 7, "runner ") == 0;
    out += (first ? "" : "\n") +
           wrap_line(line, width, std::max(indent, own + (is_example ? 4 : 0)), command ? " \\" : "");
    first = false;
  }
  return out;
}

}  // namespace

std::size_t help_width() {
  return std::max(terminal_width(STDOUT_FILENO), least_width);
}

std::string wrap(const std::string& text, std::size_t width, std::size_t indent) {
  return each_line(text, width, indent, false);
}

std::string wrap_example(const std::string& text, std::size_t width) {
  return each_line(text, width, 0, true);
}

std::string beside(const std::string& left, const std::string& text, std::size_t column, std::size_t width) {
  const std::size_t used = columns(left);
  const std::string pad(column, ' ');
  if (used + 2 > column) return left + "\n" + wrap(pad + text, width, column);
  return wrap(left + std::string(column - used, ' ') + text, width, column);
}

}  // namespace runner::cli
