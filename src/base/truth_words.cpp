#include "base/truth_words.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace runner::runtime {
namespace {

using Words = std::array<const char*, 9>;
constexpr Words true_words = {"true", "t", "1", ".true.", ".t.", "yes", "y", "on", "enabled"};
constexpr Words false_words = {"false", "f", "0", ".false.", ".f.", "no", "n", "off", "disabled"};

bool is_one_of(const Words& words, const std::string& text) {
  std::string word;
  for (const unsigned char c : text)
    if (std::isspace(c) == 0) word += static_cast<char>(std::tolower(c));
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

bool is_true(const std::string& text) {
  return is_one_of(true_words, text);
}

bool is_false(const std::string& text) {
  return is_one_of(false_words, text);
}

}  // namespace runner::runtime
