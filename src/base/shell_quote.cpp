#include "base/shell_quote.h"

#include "base/secrets.h"

namespace runner {

std::string shell_quoted(const std::string& word) {
  constexpr const char* plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";
  // "=word" and "~word" mean something to some shells at a word's start only; ~ is not in the list.
  if (!word.empty() && word.front() != '=' && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

std::string shell_quoted_without_secrets(const std::string& word) {
  if (word.empty()) return shell_quoted(word);
  std::string quoted;
  for (const SecretPiece& piece : split_at_secrets(word))
    quoted += piece.is_variable ? "\"${" + piece.text + "}\"" : shell_quoted(piece.text);
  return quoted;
}

}  // namespace runner
