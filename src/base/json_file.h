#pragma once
// JSON files, ours or not: read within limits, and looked at without trust in what they hold.

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/json_parse.h"

namespace runner {

// An object from a regular file. Throws RunError when it cannot be read, DataError for anything but an object
// within the limits; both name the file.
Json read_json_file(const std::filesystem::path& path, const JsonLimits& limits = {});
// An empty object instead of an error, which is a line of the debug log: for caches, and for what may be
// absent.
Json read_json_file_if_valid(const std::filesystem::path& path);

// Members of what may be no object at all: `otherwise` when the key is absent or its value of another type.
std::string text_in(const Json& object, const char* key, const std::string& otherwise = "");
std::int64_t integer_in(const Json& object, const char* key, std::int64_t otherwise = 0);
double number_in(const Json& object, const char* key, double otherwise = 0);
bool flag_in(const Json& object, const char* key, bool otherwise = false);
// null when absent.
const Json& member_in(const Json& object, const char* key);

}  // namespace runner
