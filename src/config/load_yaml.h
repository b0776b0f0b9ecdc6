#pragma once
// Inside config/ only: the one door for YAML that somebody else wrote.

#include <yaml-cpp/yaml.h>

#include <string>

#include "config/binder.h"

namespace runner::config::detail {

// The one document of `text`; null when it is empty. Refused, with the place: what is no YAML, a second
// document, an alias inside of what it stands for, aliases that multiply to more than 100000 values, and more
// than 64 levels. In double quotes, \udc80 … \udcff are bytes of a path that is no UTF-8 (base/json_text.h).
// Throws BadYaml.
YAML::Node load_yaml(const std::string& text, const std::string& file);

// What to do about a text with braces, "{steps.a.output}", that YAML has taken for a mapping.
std::string needs_quotes(const std::string& text);

struct BadYaml {
  Problem problem;  // place and message; no key
};

}  // namespace runner::config::detail
