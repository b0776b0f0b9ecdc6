#include "base/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/utf8.h"

namespace runner {

bool is_live_terminal(int fd) {
  const char* term = std::getenv("TERM");
  return ::isatty(fd) == 1 && term != nullptr && *term != '\0' && std::strcmp(term, "dumb") != 0;
}

std::size_t terminal_width(int fd, std::size_t otherwise) {
  winsize size{};
  const bool known = ::isatty(fd) == 1 && ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : otherwise;
}

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

std::string wrap(const std::string& text, std::size_t width, std::size_t indent) {
  std::string out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    const std::size_t own = std::min(line.find_first_not_of(' '), line.size());
    out += (at == 0 ? "" : "\n") + wrap_line(line, width, std::max(indent, own));
    at = end + 1;
  }
  return out;
}

}  // namespace runner
