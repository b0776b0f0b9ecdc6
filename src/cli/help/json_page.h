#pragma once
// docs/json.md, from what src/contract/json_keys.h declares.

#include <string>

namespace runner::cli {

std::string json_page();

}  // namespace runner::cli
