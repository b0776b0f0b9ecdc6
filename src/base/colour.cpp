#include "base/colour.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/terminal.h"

namespace runner {
namespace {

ColourMode mode_now = ColourMode::automatic;

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool is_zero(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && std::strcmp(value, "0") == 0;
}

const char* colour_of(std::string_view cell) {
  constexpr const char *red = "\033[31m", *green = "\033[32m", *yellow = "\033[33m";
  static constexpr std::pair<std::string_view, const char*> words[] = {
      {"FAIL", red},     {"duplicate", red}, {"failed", red},       {"warning", yellow},
      {"mixed", yellow}, {"slow", yellow},   {"pass", green},       {"passed", green},
      {"one", green},    {"none", green},    {"does NOT fit", red}, {"fits", green}};
  for (const auto& [word, colour] : words)
    if (word == cell) return colour;
  return nullptr;
}

}  // namespace

void set_colour_mode(ColourMode mode) {
  mode_now = mode;
}

ColourMode colour_mode() {
  return mode_now;
}

bool colour_allowed(int fd) {
  if (mode_now != ColourMode::automatic) return mode_now == ColourMode::always;
  if (is_set("NO_COLOR")) return false;
  if (is_set("CLICOLOR_FORCE") && !is_zero("CLICOLOR_FORCE")) return true;
  return !is_zero("CLICOLOR") && is_live_terminal(fd);
}

std::string colour_states(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = std::min(text.find_first_not_of(" \t\n", at), text.size());
    std::size_t end = begin;
    while (end < text.size() && text[end] != '\n' && text[end] != '\t' && text.compare(end, 2, "  ") != 0)
      ++end;
    const std::string cell = text.substr(begin, end - begin);
    const char* colour = colour_of(cell);
    out += text.substr(at, begin - at) + (colour == nullptr ? cell : colour + cell + "\033[0m");
    at = end;
  }
  return out;
}

}  // namespace runner
