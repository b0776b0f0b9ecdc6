#include "base/utf8.h"

#include <algorithm>

namespace runner {

char32_t utf8_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
  const auto rest = [&](std::size_t i) { return byte(i) & 0x3F; };
  if (byte(0) < 0x80) return byte(0);
  if (byte(0) < 0xE0) return (byte(0) & 0x1F) << 6 | rest(1);
  if (byte(0) < 0xF0) return (byte(0) & 0x0F) << 12 | rest(1) << 6 | rest(2);
  return (byte(0) & 0x07) << 18 | rest(1) << 12 | rest(2) << 6 | rest(3);
}

std::size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  const char32_t character = utf8_character(text);
  const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  const bool overlong = (size == 3 && character < 0x800) || (size == 4 && character < 0x10000);
  return surrogate || overlong || character > 0x10FFFF ? 0 : size;
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string first_columns(std::string_view text, std::size_t most) {
  std::size_t end = 0;
  for (; end < text.size(); ++end)
    if ((text[end] & 0xC0) != 0x80 && most-- == 0) break;
  return std::string(text.substr(0, end));
}

}  // namespace runner
