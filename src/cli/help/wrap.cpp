#include "cli/help/wrap.h"

#include <unistd.h>

#include <algorithm>

#include "base/utf8.h"

namespace runner::cli {
namespace {

constexpr std::size_t least_width = 20;

}  // namespace

std::size_t help_width() {
  return std::max(terminal_width(STDOUT_FILENO), least_width);
}

std::string wrap_example(const std::string& text, std::size_t width) {
  std::string out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    const std::size_t own = std::min(line.find_first_not_of(' '), line.size());
    const bool command = line.compare(own, 7, "runner ") == 0;
    out += (at == 0 ? "" : "\n") + wrap_line(line, width, own + 4, command ? " \\" : "");
    at = end + 1;
  }
  return out;
}

std::string beside(const std::string& left, const std::string& text, std::size_t column, std::size_t width) {
  const std::size_t used = columns(left);
  const std::string pad(column, ' ');
  if (used + 2 > column) return left + "\n" + wrap(pad + text, width, column);
  return wrap(left + std::string(column - used, ' ') + text, width, column);
}

}  // namespace runner::cli
