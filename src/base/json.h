#pragma once
// JSON as every file and result of the project uses it: keys keep the order they were written in.

#include <nlohmann/json.hpp>

namespace runner {
using Json = nlohmann::ordered_json;
}
