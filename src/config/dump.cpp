#include "config/dump.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/log.h"
#include "base/printable.h"
#include "base/secrets.h"
#include "config/key_parts.h"
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

// A text that is "auto or a number" shows its number as one.
bool may_be_number(const Field& field, const YAML::Node& node) {
  return field.expected && node.IsScalar() && !node.Scalar().empty() && node.Scalar()[0] != '0' &&
         node.Scalar().find_first_not_of("0123456789") == std::string::npos;
}

void write_leaf(const Field& field, const std::string& name, const std::string& pad, bool origins,
                std::string& out) {
  const YAML::Node node = field.write();
  const std::string comment = origins ? "  # " + printable(field.origin, LineBreaks::escape) : "";
  const std::string text = !field.shown.empty()         ? field.shown
                           : may_be_number(field, node) ? node.Scalar()
                                                        : detail::yaml_text(node);
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
    const auto parts = detail::split_key(field->key);
    const std::string& name = parts[depth];
    if (parts.size() == depth + 1) {
      write_leaf(*field, name, pad, origins, out);
      continue;
    }
    if (std::find(written.begin(), written.end(), name) != written.end()) continue;
    written.push_back(name);
    std::vector<const Field*> members;
    for (const Field* other : fields) {
      const auto other_parts = detail::split_key(other->key);
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
    all.emplace_back(field->key, node.IsScalar() ? hide_secrets(node.Scalar()) : detail::yaml_text(node));
  }
  return all;
}

}  // namespace runner::config
