#include "data/formats/numpy/texts.h"

#include <charconv>
#include <string_view>

#include "base/error.h"
#include "base/log.h"

namespace runner::data {
namespace {

void put_letter(std::string& text, std::uint32_t letter) {
  if (letter > 0x10FFFF || (letter >= 0xD800 && letter < 0xE000)) letter = 0xFFFD;
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (letter < 0x80) return put(letter);
  if (letter >= 0x10000) {
    put(0xF0 | letter >> 18);
    put(0x80 | (letter >> 12 & 0x3F));
  } else if (letter >= 0x800) {
    put(0xE0 | letter >> 12);
  } else {
    return put(0xC0 | letter >> 6), put(0x80 | (letter & 0x3F));
  }
  put(0x80 | (letter >> 6 & 0x3F));
  put(0x80 | (letter & 0x3F));
}

std::string from_utf32(std::string_view bytes, bool big_endian) {
  std::string text;
  for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
    std::uint32_t letter = 0;
    for (std::size_t i = 0; i < 4; ++i)
      letter |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << 8 * (big_endian ? 3 - i : i);
    if (letter == 0) break;  // filled up to the longest
    put_letter(text, letter);
  }
  return text;
}

// "<U12": its letter and 12; 0 letters for any other type.
std::pair<char, std::uint64_t> text_type(const std::string& descr) {
  const std::size_t letter = descr.find_first_of("US");
  if (letter == std::string::npos || letter > 1) return {'\0', 0};
  std::uint64_t length = 0;
  const char* end = descr.data() + descr.size();
  const auto [rest, error] = std::from_chars(descr.data() + letter + 1, end, length);
  return error == std::errc() && rest == end ? std::pair{descr[letter], length} : std::pair{'\0', length};
}

}  // namespace

std::vector<std::string> read_texts(const Array& array) {
  const auto [letter, length] = text_type(array.header.descr);
  if (letter == '\0' || array.rank() != 1)
    throw DataError(fmt::format("{} of shape {}; a one-dimensional array of texts is expected{}",
                                array.header.descr, array.header.shape_text(),
                                array.header.dtype == DType::object ? ": save it as a.astype('U')" : ""),
                    array.place);
  const std::string bytes = read_bytes(array);
  const std::uint64_t size = length * (letter == 'U' ? 4 : 1), count = array.header.count;
  if (size == 0 ? !bytes.empty() : bytes.size() % size != 0 || bytes.size() / size != count)
    throw DataError(fmt::format("{} texts of {} bytes, and {} bytes follow the header; it is damaged", count,
                                size, bytes.size()),
                    array.place);
  std::vector<std::string> texts;
  if (size == 0 && count > bytes.size() + 100'000'000)
    throw DataError(fmt::format("{} empty texts", count), array.place);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view item = std::string_view(bytes).substr(i * size, size);
    if (letter == 'U')
      texts.push_back(from_utf32(item, array.header.descr[0] == '>'));
    else
      texts.emplace_back(item.substr(0, item.find_last_not_of('\0') + 1));
  }
  return texts;
}

}  // namespace runner::data
