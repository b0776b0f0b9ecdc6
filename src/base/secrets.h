#pragma once
// Values of variables that hold secrets, kept out of whatever is written or shown: records, reports, logs,
// terminal. What is shown in a value's place is the variable, ${NAME}, which a config and a shell take back
// as it is.

#include <string>
#include <string_view>
#include <vector>

namespace runner {

// TOKEN, KEY, SECRET, PASSWORD, PASSWD or CREDENTIAL in its name, in any case.
bool names_secret(std::string_view variable);

// A text in pieces: what may be shown, and in the places of secrets the names of their variables.
struct SecretPiece {
  std::string text;
  bool is_variable = false;
};
// Looked for are the values that this process was started with. Not those of fewer than six bytes (`false`,
// `1`: they stand in any text), nor the names of files and folders that are there: those say where a secret
// lies.
std::vector<SecretPiece> split_at_secrets(std::string_view text);

// With ${NAME} in the place of every secret.
std::string hide_secrets(std::string text);
// The other way round, for a path that a record of ours tells.
std::string reveal_secrets(std::string text);

}  // namespace runner
