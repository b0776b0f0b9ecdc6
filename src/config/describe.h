#pragma once
// What the declarations say of themselves: YAML with origins, JSON Schema, help text.

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "config/binder.h"

namespace runner::config {

// The complete configuration as YAML, nested; with each value's origin as a comment when `origins`.
std::string dump_yaml(const Binder& binder, bool origins);
// Every key with its value as YAML text, in order of declaration.
std::vector<std::pair<std::string, std::string>> values(const Binder& binder);
// JSON Schema (2020-12) of the whole configuration.
Json json_schema(const Binder& binder, const std::string& title);
// One line a key for --help and docs: key, type and limits, default, help.
std::string describe(const Binder& binder);

}  // namespace runner::config
