// JSON Schema of a configuration, for editors.
#include "config/key_parts.h"
#include "config/resolve.h"
#include "config/values.h"

namespace runner::config {
namespace {

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
    const auto parts = detail::split_key(field->key);
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) at = &child_object(*at, parts[i]);
    (*at)["properties"][parts.back()] = field_schema(*field);
    if (field->is_required && parts.size() == 1) (*at)["required"].push_back(parts.back());
  }
  return schema;
}

}  // namespace

Json json_schema(const Binder& binder, const std::string& title) {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
  schema.update(object_schema(binder));
  return schema;
}

}  // namespace runner::config
