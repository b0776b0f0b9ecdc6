#include "base/printable.h"

#include <unistd.h>

#include <utility>

#include "base/colour.h"
#include "base/secrets.h"
#include "base/utf8.h"

namespace runner {
namespace {

bool turns_direction(char32_t c) {
  return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F ||
         c == 0x061C;
}

bool breaks_line(char32_t c) {
  return c == 0x2028 || c == 0x2029;
}

}  // namespace

std::string printable(std::string_view text, LineBreaks breaks) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = utf8_length(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    const char32_t c = size == 0 ? 0 : utf8_character(text);
    if (size == 0)
      out += fmt::format("\\x{:02x}", byte);
    else if (c == '\n' && breaks == LineBreaks::escape)
      out += "\\n";
    else if ((c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0))
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    else if (turns_direction(c) || breaks_line(c))
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out += text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

std::string presentable(std::string text) {
  return printable(hide_secrets(std::move(text)));
}

void say_states(const std::string& text) {
  const std::string plain = presentable(text);
  fmt::print("{}", colour_allowed(STDOUT_FILENO) ? colour_states(plain) : plain);
}

}  // namespace runner
