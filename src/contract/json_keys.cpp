#include "contract/json_keys.h"

namespace runner {

std::string JsonKey::plain_name() const {
  const std::string_view told = name;
  return std::string(told.substr(0, told.size() - (may_be_absent() ? 1 : 0)));
}

const JsonObject* find_json_object(std::string_view name) {
  for (const auto* list : {&json_of_jobs(), &json_of_commands(), &json_parts()})
    for (const JsonObject& object : *list)
      if (name == object.name) return &object;
  return nullptr;
}

}  // namespace runner
