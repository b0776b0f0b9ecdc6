#pragma once
// Inside config/ only: values as YAML that every reader takes for the same. Ours reads YAML 1.2, PyYAML 1.1,
// where `1e-08` is a text and `on`, `12:30:00`, `017` and a date are none.

#include <yaml-cpp/yaml.h>

#include <string>

namespace runner::config::detail {

// A node that holds a text, whatever it looks like; of any other scalar the text is the value as YAML has it.
YAML::Node text_node(const std::string& text);
// One value on one line, without secrets (base/secrets.h); a list of mappings takes a line each.
std::string yaml_text(const YAML::Node& node);

}  // namespace runner::config::detail
