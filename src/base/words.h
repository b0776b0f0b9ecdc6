#pragma once
// A choice of words: an enum whose words_of lists them in the order of its values.
//
//   enum class GateAction { rollback, stop, warn };
//   inline std::vector<std::string> words_of(GateAction) { return {"rollback", "stop", "warn"}; }

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

}  // namespace runner
