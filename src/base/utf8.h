#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace runner {

// Bytes of the character that `text` begins with: 1 to 4, or 0 when they are no UTF-8 (no surrogates, no
// overlong forms, nothing above U+10FFFF) or `text` is empty.
std::size_t utf8_length(std::string_view text);

// The character itself; `text` begins with one (utf8_length is not 0).
char32_t utf8_character(std::string_view text);

// Columns that `text` takes on a terminal: its characters, not its bytes.
std::size_t columns(std::string_view text);
// As much of it as fits into so many.
std::string first_columns(std::string_view text, std::size_t most);

}  // namespace runner
