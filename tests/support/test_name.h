#pragma once

#include <cctype>
#include <string>

namespace runner::test {

// `text` as the name of a test's value: what is neither a letter nor a digit becomes '_'.
inline std::string test_name(std::string text) {
  for (char& letter : text)
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
  return text;
}

}  // namespace runner::test
