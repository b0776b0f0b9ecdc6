#pragma once
// Text for a terminal and for logs. A file may be called anything: an escape sequence in its name must not
// move the cursor, colour the screen or answer the terminal's questions.

#include <spdlog/fmt/fmt.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "base/console.h"

namespace runner {

enum class LineBreaks { keep, escape };

// Control characters (but tab and, with keep, the line break), bytes that are no UTF-8, and the characters
// that turn the direction of writing come out as \x1b or \u202e.
std::string printable(std::string_view text, LineBreaks breaks = LineBreaks::keep);

// For people: without secrets (base/secrets.h) and printable.
std::string presentable(std::string text);

// To stdout, for people.
template <class... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
  fmt::print("{}", presentable(fmt::format(format, std::forward<Args>(args)...)));
}
// To stdout, for people, words of a state in colour where that is allowed (base/colour.h).
void say_states(const std::string& text);
// To stderr, for people, as far as it goes (base/console.h).
template <class... Args>
void say_error(fmt::format_string<Args...> format, Args&&... args) {
  tell(presentable(fmt::format(format, std::forward<Args>(args)...)));
}

}  // namespace runner
