#pragma once

#include <string>

namespace runner {

// What an exception says, without the JSON library's own "[json.exception.type_error.302] " before it.
inline std::string without_json_number(const std::string& message) {
  if (!message.starts_with("[json.exception.")) return message;
  const std::size_t end = message.find("] ");
  return end == std::string::npos ? message : "unexpected JSON: " + message.substr(end + 2);
}

}  // namespace runner
