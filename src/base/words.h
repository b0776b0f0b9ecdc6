#pragma once
// A choice of words: an enum whose words_of lists them in the order of its values.
//
//   enum class GateAction { rollback, stop, warn };
//   inline std::vector<std::string> words_of(GateAction) { return {"rollback", "stop", "warn"}; }

#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace runner {

template <class E>
concept Choice = std::is_enum_v<E> && requires {
  words_of(E{});
};

template <Choice E>
std::string to_word(E value) {
  return words_of(value).at(static_cast<std::size_t>(value));
}

// Of a file or a record; a config's are read by the binder.
template <Choice E>
std::optional<E> from_word(const std::string& word) {
  const std::vector<std::string> words = words_of(E{});
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == word) return static_cast<E>(i);
  return std::nullopt;
}

}  // namespace runner
