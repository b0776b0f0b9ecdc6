#pragma once
// What a key takes, in words for people: --help, the man page, completion.

#include <string>
#include <vector>

#include "config/binder.h"

namespace runner::config {

struct KeyWords {
  std::string key, help;
  std::string type;  // INT, NUM, TEXT, WORD, BOOL, FILE, RUN, PATH; "LIST" of mappings; "FILE…" for several
  std::string limits;                // "1 to 100", "above 0", or ""
  std::vector<std::string> choices;  // the only words allowed
  std::string default_value;         // as YAML; "" for none
  std::vector<std::string> flags;
  bool required = false;
};

KeyWords key_words_of(const Field& field);
std::vector<KeyWords> key_words(const Binder& binder);

}  // namespace runner::config
