#pragma once
// Inside config/ only: YAML into fields, with the place of each mistake.

#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

#include "config/binder.h"

namespace runner::config::detail {

// "x.yaml:12:9"; the file alone for a node that was not read.
std::string place_of_node(const YAML::Node& node, const std::string& file);

// Reads one value into one field; `place` and `key` are for the problems. Records the place as the field's
// origin.
void read_value(const YAML::Node& node, Field& field, const std::string& place, const std::string& key,
                std::vector<Problem>& problems);

// Reads a mapping into the fields of `binder`, whose keys are relative to it. Returns problems (place filled
// in).
std::vector<Problem> read_mapping(const YAML::Node& node, Binder& binder, const std::string& file,
                                  const std::string& prefix);

// A list of mappings into its items. Returns "" or what was expected; the items' own problems join those of
// the read_value that called.
std::string read_items(const YAML::Node& list, const std::string& key, const ItemList& items);
YAML::Node write_items(const ItemList& items);

}  // namespace runner::config::detail
