#include "config/describe.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/log.h"
#include "base/printable.h"
#include "config/values.h"
#include "config/yaml_text.h"

namespace runner::config {
namespace {

std::string indented(const std::string& text, std::size_t spaces) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out += "\n" + std::string(spaces, ' ') + text.substr(at, end - at);
    at = end + 1;
  }
  return out;
}

std::vector<std::string> split_key(const std::string& key) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  for (std::size_t dot; (dot = key.find('.', at)) != std::string::npos; at = dot + 1)
    parts.push_back(key.substr(at, dot - at));
  parts.push_back(key.substr(at));
  return parts;
}

const char* json_type(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return "boolean";
    case Kind::integer:
    case Kind::integer_list:
      return "integer";
    case Kind::number:
    case Kind::number_list:
      return "number";
    default:
      return "string";
  }
}

Json object_schema(const Binder& binder);

Json field_schema(const Field& field) {
  Json schema = Json::object();
  schema["description"] = field.help;
  if (field.kind == Kind::items) {
    Binder item;
    field.describe_item(item);
    schema["type"] = "array";
    schema["items"] = object_schema(item);
    return schema;
  }
  Json scalar = Json::object();
  if (field.optional)
    scalar["type"] = Json::array({json_type(field.kind), "null"});
  else if (field.expected && field.kind == Kind::text)
    scalar["type"] = Json::array({"string", "number"});
  else
    scalar["type"] = json_type(field.kind);
  if (!field.allowed.empty()) scalar["enum"] = field.allowed;
  if (field.low) scalar[field.low_exclusive ? "exclusiveMinimum" : "minimum"] = *field.low;
  if (field.high) scalar["maximum"] = *field.high;
  const bool list =
      field.kind == Kind::text_list || field.kind == Kind::number_list || field.kind == Kind::integer_list;
  if (list)
    schema["anyOf"] = Json::array({scalar, Json{{"type", "array"}, {"items", scalar}}});
  else
    schema.update(scalar);
  if (!field.is_required) schema["default"] = detail::scalar_json(field.write(), field.kind);
  return schema;
}

Json& child_object(Json& schema, const std::string& name) {
  Json& child = schema["properties"][name];
  if (child.is_null())
    child = Json{{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
  return child;
}

Json object_schema(const Binder& binder) {
  Json schema{{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
  for (const auto& field : binder.fields()) {
    Json* at = &schema;
    const auto parts = split_key(field->key);
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) at = &child_object(*at, parts[i]);
    (*at)["properties"][parts.back()] = field_schema(*field);
    if (field->is_required && parts.size() == 1) (*at)["required"].push_back(parts.back());
  }
  return schema;
}

std::string kind_text(const Field& field) {
  if (!field.allowed.empty()) {
    std::string text;
    for (const auto& value : field.allowed) text += (text.empty() ? "" : "|") + value;
    return text;
  }
  switch (field.kind) {
    case Kind::boolean:
      return "true|false";
    case Kind::integer:
      return "integer";
    case Kind::number:
      return "number";
    case Kind::text:
      return "text";
    case Kind::text_list:
      return "list of texts";
    case Kind::number_list:
      return "list of numbers";
    case Kind::integer_list:
      return "list of integers";
    case Kind::items:
      return "list of mappings";
  }
  return "";
}

// A text that is "auto or a number" shows its number as one.
bool may_be_number(const Field& field, const YAML::Node& node) {
  return field.expected && node.IsScalar() && !node.Scalar().empty() && node.Scalar()[0] != '0' &&
         node.Scalar().find_first_not_of("0123456789") == std::string::npos;
}

void write_leaf(const Field& field, const std::string& name, const std::string& pad, bool origins,
                std::string& out) {
  const YAML::Node node = field.write();
  const std::string comment = origins ? "  # " + printable(field.origin, LineBreaks::escape) : "";
  const std::string text = may_be_number(field, node) ? node.Scalar() : detail::yaml_text(node);
  if (field.kind == Kind::items && node.size() > 0)
    out += pad + name + ":" + comment + indented(text, pad.size() + 2) + "\n";
  else
    out += pad + name + ": " + text + comment + "\n";
}

// Fields of one group may be declared apart: the group stands where its first field does.
void write_group(const std::vector<const Field*>& fields, std::size_t depth, bool origins, std::string& out) {
  const std::string pad(2 * depth, ' ');
  std::vector<std::string> written;
  for (const Field* field : fields) {
    const auto parts = split_key(field->key);
    const std::string& name = parts[depth];
    if (parts.size() == depth + 1) {
      write_leaf(*field, name, pad, origins, out);
      continue;
    }
    if (std::find(written.begin(), written.end(), name) != written.end()) continue;
    written.push_back(name);
    std::vector<const Field*> members;
    for (const Field* other : fields) {
      const auto other_parts = split_key(other->key);
      if (other_parts.size() > depth + 1 && other_parts[depth] == name) members.push_back(other);
    }
    out += pad + name + ":\n";
    write_group(members, depth + 1, origins, out);
  }
}

}  // namespace

std::string dump_yaml(const Binder& binder, bool origins) {
  std::vector<const Field*> fields;
  for (const auto& field : binder.fields()) fields.push_back(field.get());
  std::string out;
  write_group(fields, 0, origins, out);
  return out;
}

std::vector<std::pair<std::string, std::string>> values(const Binder& binder) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& field : binder.fields()) {
    const YAML::Node node = field->write();
    all.emplace_back(field->key, node.IsScalar() ? node.Scalar() : detail::yaml_text(node));
  }
  return all;
}

Json json_schema(const Binder& binder, const std::string& title) {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
  schema.update(object_schema(binder));
  return schema;
}

std::string describe(const Binder& binder) {
  std::string out;
  for (const auto& field : binder.fields()) {
    const std::string value = field->kind == Kind::items ? "" : detail::yaml_text(field->write());
    std::string flags;
    for (const auto& flag : field->flags) flags += " " + flag;
    out += fmt::format("  {:<34} {} [{}]{}{}\n", field->key, field->help, kind_text(*field),
                       field->is_required ? " required"
                       : value.empty()    ? ""
                                          : " default " + value,
                       flags.empty() ? "" : "  flag:" + flags);
  }
  return out;
}

}  // namespace runner::config
