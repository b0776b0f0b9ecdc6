#pragma once
// Inside config/ only: one YAML value into one field.

#include "config/binder.h"

namespace runner::config::detail {
// `place` and `key` are for the problems. Records the place as the field's origin.
void read_value(const YAML::Node& node, Field& field, const std::string& place, const std::string& key,
                std::vector<Problem>& problems);
}  // namespace runner::config::detail
