#include "config/values.h"

#include <yaml-cpp/yaml.h>

#include "base/error.h"
#include "base/log.h"

namespace runner::config {

namespace detail {

Json scalar_json(const YAML::Node& node, Kind kind) {
  if (node.IsNull()) return nullptr;
  if (node.IsSequence()) {
    const Kind item = kind == Kind::number_list    ? Kind::number
                      : kind == Kind::integer_list ? Kind::integer
                                                   : Kind::text;
    Json list = Json::array();
    for (const auto& entry : node) list.push_back(scalar_json(entry, item));
    return list;
  }
  if (kind == Kind::boolean) return node.as<bool>();
  if (kind == Kind::integer) return node.as<std::int64_t>();
  if (kind == Kind::number) return node.as<double>();
  return node.Scalar();
}

}  // namespace detail

namespace {

// Lists of mappings, whose scalars stay texts.
Json tree_json(const YAML::Node& node) {
  if (node.IsNull()) return nullptr;
  if (node.IsScalar()) return node.Scalar();
  Json tree = node.IsMap() ? Json::object() : Json::array();
  if (node.IsMap())
    for (const auto& member : node) tree[member.first.Scalar()] = tree_json(member.second);
  else
    for (const auto& item : node) tree.push_back(tree_json(item));
  return tree;
}

YAML::Node node_of(const Json& value) {
  if (value.is_boolean()) return YAML::Node(value.get<bool>() ? "true" : "false");
  if (value.is_number_integer()) return YAML::Node(std::to_string(value.get<std::int64_t>()));
  if (value.is_number()) return YAML::Node(fmt::format("{}", value.get<double>()));
  if (value.is_string()) return YAML::Node(value.get<std::string>());
  YAML::Node node(value.is_array()    ? YAML::NodeType::Sequence
                  : value.is_object() ? YAML::NodeType::Map
                                      : YAML::NodeType::Null);
  if (value.is_array())
    for (const Json& item : value) node.push_back(node_of(item));
  if (value.is_object())
    for (const auto& [key, member] : value.items()) node[key] = node_of(member);
  return node;
}

}  // namespace

Json values_of(const Binder& binder) {
  Json values = Json::object();
  for (const auto& field : binder.fields()) {
    const YAML::Node node = field->write();
    values[field->key] =
        field->kind == Kind::items ? tree_json(node) : detail::scalar_json(node, field->kind);
  }
  return values;
}

Json shown_values_of(const Binder& binder) {
  Json values = values_of(binder);
  for (const auto& field : binder.fields())
    if (!field->shown.empty()) values[field->key] = tree_json(YAML::Load(field->shown));
  return values;
}

void take_values(Binder& binder, const Json& values) {
  for (const auto& field : binder.fields()) {
    const auto value = values.find(field->key);
    const std::string wanted = value == values.end() ? "a value" : field->read(node_of(*value));
    if (!wanted.empty()) throw UsageError("expected " + wanted, "the launcher's values: " + field->key);
  }
}

}  // namespace runner::config
