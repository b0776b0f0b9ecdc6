#pragma once
// What each command prints with --json: the names of its keys, their types and their meanings, once. The page
// docs/json.md is made of it, and a test holds what the commands print against it.

#include <string>
#include <string_view>
#include <vector>

namespace runner {

struct JsonKey {
  // "" : the keys of the part that `type` names stand here too. "*": any name, of what the object is about
  // itself. "?" behind it: may be absent.
  const char* name;
  // text, count (a whole number), number, flag, any, or a part; [T]: a list of them; {T}: an object whose
  // names are told in the meaning; T|null: or null, for what was not computed or nobody knows.
  const char* type;
  const char* meaning;

  bool may_be_absent() const { return std::string_view(name).ends_with('?'); }
  std::string plain_name() const;
};

struct JsonObject {
  const char* name;   // of a command: "runner index"; of a part: "input"
  const char* about;  // when it is printed; "": always
  std::vector<JsonKey> keys;
};

const std::vector<JsonObject>& json_of_jobs();      // and of runner plan
const std::vector<JsonObject>& json_of_commands();  // the others
const std::vector<JsonObject>& json_parts();        // objects in those

// nullptr when there is none.
const JsonObject* find_json_object(std::string_view name);

}  // namespace runner
