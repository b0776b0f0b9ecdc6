#include "base/json_file.h"

#include "base/error.h"
#include "base/input_file.h"
#include "base/json_parse.h"
#include "base/log.h"

namespace runner {

Json read_json_file(const std::filesystem::path& path, const JsonLimits& limits) {
  Json value = parse_json(read_regular_file(path, limits.bytes), path.string(), limits);
  if (!value.is_object()) throw DataError("is not a JSON object", path.string());
  return value;
}

Json read_json_file_if_valid(const std::filesystem::path& path) {
  try {
    return read_json_file(path);
  } catch (const Error& error) {
    spdlog::debug("{}", error.line());
    return Json::object();
  }
}

const Json& member_in(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

std::string text_in(const Json& object, const char* key, const std::string& otherwise) {
  const Json& member = member_in(object, key);
  return member.is_string() ? member.get<std::string>() : otherwise;
}

std::int64_t integer_in(const Json& object, const char* key, std::int64_t otherwise) {
  const Json& member = member_in(object, key);
  return member.is_number_integer() ? member.get<std::int64_t>() : otherwise;
}

double number_in(const Json& object, const char* key, double otherwise) {
  const Json& member = member_in(object, key);
  return member.is_number() ? member.get<double>() : otherwise;
}

bool flag_in(const Json& object, const char* key, bool otherwise) {
  const Json& member = member_in(object, key);
  return member.is_boolean() ? member.get<bool>() : otherwise;
}

}  // namespace runner
