#pragma once
// A filled configuration as YAML, with origins.

#include <string>
#include <utility>
#include <vector>

#include "config/binder.h"

namespace runner::config {

// The complete configuration as YAML, nested; with each value's origin as a comment when `origins`.
std::string dump_yaml(const Binder& binder, bool origins);
// Every key with its value as YAML text, in order of declaration.
std::vector<std::pair<std::string, std::string>> values(const Binder& binder);

}  // namespace runner::config
