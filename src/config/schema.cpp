#include "config/schema.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "config/key_parts.h"
#include "config/resolve.h"
#include "config/values.h"

namespace runner::config {
namespace {

// ${VAR}, anywhere in a text.
constexpr const char* variable = "\\$\\{[^}]*\\}";
// What YAML readers of today take for texts and ours for true or false.
constexpr const char* truth =
    "^([Yy]|[Yy]es|YES|[Nn]|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF|[Tt]rue|TRUE|[Ff]alse|FALSE)$";

// A value of `type`, or a text by `pattern`: limits apply to the first alone.
Json or_text(const char* type, const std::string& pattern) {
  return {{"type", Json::array({type, "string"})}, {"pattern", pattern}};
}

// One value of the field; a list has several.
Json scalar_schema(const Field& field) {
  if (!field.allowed.empty()) {
    Json words = field.allowed;
    if (field.optional) words.push_back(nullptr);
    return {{"anyOf", Json::array({Json{{"enum", words}}, Json{{"type", "string"}, {"pattern", variable}}})}};
  }
  Json scalar;
  switch (field.kind) {
    case Kind::boolean:
      scalar = or_text("boolean", std::string(truth) + "|" + variable);
      break;
    case Kind::integer:
    case Kind::integer_list:
      scalar = or_text("integer", variable);
      break;
    case Kind::number:
    case Kind::number_list:
      scalar = or_text("number", variable);
      break;
    default:
      scalar = {{"type", Json::array({"string", "number"})}};
      if (!field.expression.empty()) scalar["pattern"] = "^(" + field.expression + ")$|" + variable;
  }
  if (field.optional) scalar["type"].push_back("null");
  if (field.low) scalar[field.low_exclusive ? "exclusiveMinimum" : "minimum"] = *field.low;
  if (field.high) scalar["maximum"] = *field.high;
  return scalar;
}

Json object_schema(const Binder& binder);

Json field_schema(const Field& field) {
  Json schema = {{"description", field.help}};
  if (field.kind == Kind::items) {
    Binder item;
    field.describe_item(item);
    schema["type"] = "array";
    schema["items"] = object_schema(item);
    return schema;
  }
  const Json scalar = scalar_schema(field);
  if (field.kind == Kind::text_list || field.kind == Kind::number_list || field.kind == Kind::integer_list)
    schema["anyOf"] = Json::array({scalar, Json{{"type", "array"}, {"items", scalar}}});
  else
    schema.update(scalar);
  if (!field.is_required) schema["default"] = detail::scalar_json(field.write(), field.kind);
  return schema;
}

// The object of the group that a key stands in; made when it is the first of it. A group may be left empty.
Json& group_of(Json& schema, const std::vector<std::string>& parts) {
  Json* at = &schema;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    Json& child = (*at)["properties"][parts[i]];
    if (child.is_null())
      child = {{"type", Json::array({"object", "null"})},
               {"additionalProperties", false},
               {"properties", Json::object()}};
    at = &child;
  }
  return *at;
}

void add_required(Json& object, const std::string& name) {
  Json& names = object["required"];
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// With it every group above, which then may not be empty.
void require(Json& schema, const std::vector<std::string>& parts, bool also_last) {
  Json* at = &schema;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i + 1 < parts.size() || also_last) add_required(*at, parts[i]);
    if (i + 1 == parts.size()) break;
    at = &(*at)["properties"][parts[i]];
    (*at)["type"] = "object";
  }
}

void relate(Json& schema, const Relation& relation) {
  Json given = Json::array();
  for (const std::string& key : relation.keys) {
    const std::string name = detail::split_key(key).back();
    given.push_back({{"required", Json::array({name})}});
    // Both may stand there and say nothing: a resolved configuration has every key.
    if (!relation.at_least_one) given.back()["properties"][name] = {{"not", {{"type", "null"}}}};
  }
  const auto parts = detail::split_key(relation.keys.front());
  Json& group = group_of(schema, parts);
  const char* rule = !relation.at_most_one ? "anyOf" : "oneOf";
  if (relation.at_least_one)
    group["allOf"].push_back({{rule, given}});
  else
    group["allOf"].push_back({{"not", {{"allOf", given}}}});
  if (relation.at_least_one) require(schema, parts, false);
}

// True of a configuration that gives the key a value for which `value` is true.
Json given_as(const std::string& key, const Json& value) {
  const auto parts = detail::split_key(key);
  Json condition = value;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part)
    condition = {
        {"type", "object"}, {"required", Json::array({*part})}, {"properties", {{*part, condition}}}};
  return condition;
}

void forbid(Json& schema, const Meaningless& rule, const Binder& binder) {
  const Json is_null = {{"type", "null"}}, is_value = {{"const", rule.value}};
  bool by_default = false;
  for (const auto& field : binder.fields())
    by_default = by_default || (field->key == rule.other && field_text(*field) == rule.value);
  const Json other =
      by_default ? Json{{"not", given_as(rule.other, {{"not", is_value}})}} : given_as(rule.other, is_value);
  schema["allOf"].push_back(
      {{"not", {{"allOf", Json::array({given_as(rule.key, {{"not", is_null}}), other})}}}});
}

// Another key may stand for this one.
bool can_be_replaced(const Field& field, const Binder& binder) {
  for (const Relation& relation : binder.relations())
    if (std::find(relation.keys.begin(), relation.keys.end(), field.key) != relation.keys.end()) return true;
  return false;
}

Json object_schema(const Binder& binder) {
  Json schema{{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
  for (const auto& field : binder.fields()) {
    const auto parts = detail::split_key(field->key);
    group_of(schema, parts)["properties"][parts.back()] = field_schema(*field);
  }
  for (const auto& field : binder.fields())
    if (field->is_required && !can_be_replaced(*field, binder))
      require(schema, detail::split_key(field->key), true);
  for (const Relation& relation : binder.relations()) relate(schema, relation);
  for (const Meaningless& rule : binder.meaningless_keys()) forbid(schema, rule, binder);
  return schema;
}

}  // namespace

Json json_schema(const Binder& binder, const std::string& job) {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "runner " + job}};
  schema.update(object_schema(binder));
  if (Json& named = schema["properties"]; named.find("job") != named.end()) {
    named["job"] = {{"description", "which job this file describes"}, {"const", job}};
    add_required(schema, "job");
  }
  return schema;
}

}  // namespace runner::config
