// YAML mapping → fields: places, unknown keys, types, limits.
#include "config/read_mapping.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/log.h"
#include "base/secrets.h"
#include "config/key_parts.h"
#include "config/load_yaml.h"
#include "config/places.h"
#include "config/suggest.h"
#include "config/yaml_text.h"

namespace runner::config {
namespace {

thread_local std::string reading_file;
thread_local std::vector<Problem> nested_problems;

std::string shown(const YAML::Node& node) {
  if (node.IsNull()) return "null";
  if (node.IsScalar()) return "'" + node.Scalar() + "'";
  return node.IsSequence() ? "a list" : "a mapping";
}

// "{name}" where a text stood without quotes and YAML has read {name: null}; of a list its first such item.
std::string text_read_as_mapping(const YAML::Node& node) {
  if (node.IsMap() && node.size() == 1 && node.begin()->first.IsScalar() && node.begin()->second.IsNull())
    return "{" + node.begin()->first.Scalar() + "}";
  if (!node.IsSequence()) return "";
  for (const auto& item : node)
    if (const std::string text = text_read_as_mapping(item); !text.empty()) return text;
  return "";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " | ") + word;
  return text;
}

std::string limits(const Field& field) {
  const auto number = [](double v) { return fmt::format("{}", v); };
  if (field.low && field.high) return "from " + number(*field.low) + " to " + number(*field.high);
  if (field.low) return (field.low_exclusive ? "greater than " : "at least ") + number(*field.low);
  return "";
}

bool within_limits(const Field& field, double value) {
  if (field.low && (field.low_exclusive ? value <= *field.low : value < *field.low)) return false;
  return !field.high || value <= *field.high;
}

// What ${VAR} became in one value.
struct Expansion {
  std::vector<std::string> missing;  // variables that are not set
  bool secrets_stay = false;         // those that hold secrets are left as they are: for what is shown
  bool any_secret = false;
};

std::string expand(const std::string& text, Expansion& expansion) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = text.find("${", at);
    const std::size_t close = open == std::string::npos ? open : text.find('}', open);
    if (close == std::string::npos) break;
    out += text.substr(at, open - at);
    const std::string name = text.substr(open + 2, close - open - 2);
    const char* value = std::getenv(name.c_str());
    const bool secret = names_secret(name);
    expansion.any_secret = expansion.any_secret || secret;
    const bool stays = secret && expansion.secrets_stay;
    if (value == nullptr && !stays) expansion.missing.push_back(name);
    if (stays)
      out += text.substr(open, close + 1 - open);
    else
      out += value == nullptr ? "" : value;
    at = close + 1;
  }
  return out + text.substr(at);
}

YAML::Node expanded(const YAML::Node& node, Expansion& expansion) {
  if (node.IsScalar() && node.Scalar().find("${") != std::string::npos) {
    const std::string text = expand(node.Scalar(), expansion);
    return expansion.secrets_stay ? detail::text_node(text) : YAML::Node(text);
  }
  if (!node.IsSequence()) return node;
  YAML::Node copy(YAML::NodeType::Sequence);
  for (const auto& item : node) copy.push_back(expanded(item, expansion));
  return copy;
}

// `shown`: the text as a message may quote it.
std::string check_scalar(const Field& field, const YAML::Node& node, const std::string& shown) {
  const std::string& text = node.Scalar();
  if (!field.allowed.empty() &&
      std::find(field.allowed.begin(), field.allowed.end(), text) == field.allowed.end()) {
    const std::string guess = closest(text, field.allowed);
    return fmt::format("expected {}, got '{}'{}", joined(field.allowed), shown,
                       guess.empty() ? "" : " (did you mean " + guess + "?)");
  }
  if (field.low || field.high) {
    double value = 0;
    if (YAML::convert<double>::decode(node, value) && !within_limits(field, value))
      return fmt::format("out of range: expected {}, got {}", limits(field), shown);
  }
  if (field.expected) {
    const std::string wanted = field.expected(text);
    if (!wanted.empty()) return fmt::format("expected {}, got '{}'", wanted, shown);
  }
  return "";
}

// By a part of a key: "steps[2]", "after". Undefined when it is not there.
YAML::Node member_of(const YAML::Node& node, const std::string& part) {
  const std::size_t bracket = part.find('[');
  const YAML::Node member =
      node.IsMap() ? node[part.substr(0, bracket)] : YAML::Node(YAML::NodeType::Undefined);
  if (bracket == std::string::npos || !member.IsDefined() || !member.IsSequence()) return member;
  return member[std::stoul(part.substr(bracket + 1))];
}

}  // namespace

namespace detail {

std::string place_of_node(const YAML::Node& node, const std::string& file) {
  const YAML::Mark mark = node.Mark();
  if (mark.is_null()) return file;
  return fmt::format("{}:{}:{}", file, mark.line + 1, mark.column + 1);
}

void read_value(const YAML::Node& original, Field& field, const std::string& place, const std::string& key,
                std::vector<Problem>& problems) {
  Expansion expansion;
  expansion.secrets_stay = field.is_record;
  const YAML::Node node = expanded(original, expansion);
  for (const std::string& name : expansion.missing)
    problems.push_back({place, key, "the environment variable " + name + " is not set"});
  if (!expansion.missing.empty()) return;
  Expansion for_people;
  for_people.secrets_stay = true;
  const YAML::Node visible = expansion.any_secret ? expanded(original, for_people) : node;
  field.shown = expansion.any_secret ? yaml_text(visible) : "";
  if (node.IsNull() && !field.optional) {
    problems.push_back({place, key, "has no value (leave the key out to get its default)"});
    return;
  }
  nested_problems.clear();
  const std::string wanted = field.read(node);
  if (!wanted.empty()) {
    const std::string text = text_read_as_mapping(visible);
    problems.push_back({place, key,
                        fmt::format("expected {}, got {}{}", wanted, shown(visible),
                                    text.empty() ? "" : "; " + detail::needs_quotes(text))});
    return;
  }
  problems.insert(problems.end(), nested_problems.begin(), nested_problems.end());
  nested_problems.clear();
  field.origin = place;
  const auto check = [&](const YAML::Node& scalar, const YAML::Node& as_shown) {
    const std::string problem = check_scalar(field, scalar, as_shown.Scalar());
    if (!problem.empty()) problems.push_back({place, key, problem});
  };
  if (node.IsScalar()) check(node, visible);
  if (node.IsSequence() && field.kind != Kind::items)
    for (std::size_t i = 0; i < node.size(); ++i) check(node[i], visible[i]);
}

std::vector<Problem> read_mapping(const YAML::Node& node, Binder& binder, const std::string& file,
                                  const std::string& prefix) {
  std::vector<Problem> problems;
  reading_file = file;
  std::set<std::string> seen;
  for (const auto& entry : node) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "?";
    const std::string key = prefix.empty() ? name : prefix + "." + name;
    const std::string place = place_of_node(entry.first, file);
    if (!seen.insert(name).second) {
      problems.push_back({place, key, "given twice in this mapping; keep one"});
      continue;
    }
    if (Field* field = binder.find(key)) {
      const std::string at = entry.second.IsNull() ? place : place_of_node(entry.second, file);
      read_value(entry.second, *field, at, key, problems);
      continue;
    }
    std::vector<std::string> siblings;
    bool is_group = false;
    const std::string below = key + ".";
    for (const auto& field : binder.fields()) {
      if (field->key.compare(0, below.size(), below) == 0) is_group = true;
      if (!prefix.empty() && field->key.compare(0, prefix.size() + 1, prefix + ".") != 0) continue;
      const std::string rest = prefix.empty() ? field->key : field->key.substr(prefix.size() + 1);
      siblings.push_back(rest.substr(0, rest.find('.')));
    }
    if (is_group && entry.second.IsMap()) {
      const auto inner = read_mapping(entry.second, binder, file, key);
      problems.insert(problems.end(), inner.begin(), inner.end());
    } else if (is_group && !entry.second.IsNull()) {
      problems.push_back(
          {place_of_node(entry.second, file), key, "expected a mapping, got " + shown(entry.second)});
    } else if (!is_group) {
      std::string guess = closest(name, siblings);
      if (guess.empty()) guess = closest_key(key, binder);
      problems.push_back(
          {place, key, guess.empty() ? "unknown key" : "unknown key (did you mean " + guess + "?)"});
    }
  }
  return problems;
}

std::string read_items(const YAML::Node& list, const std::string& key, const ItemList& items) {
  if (!list.IsSequence()) return "a list of mappings";
  for (const auto& item : list)
    if (!item.IsMap()) return "a list of mappings";
  items.resize(list.size());
  const std::string file = reading_file;
  std::vector<Problem> found;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Binder binder;
    items.declare(binder, i);
    for (Problem problem : read_mapping(list[i], binder, file, "")) {
      problem.key = fmt::format("{}[{}].{}", key, i, problem.key);
      found.push_back(std::move(problem));
    }
    for (const auto& field : binder.fields())
      if (field->is_required && field->origin == "default")
        found.push_back(
            {place_of_node(list[i], file), fmt::format("{}[{}].{}", key, i, field->key), "missing"});
  }
  nested_problems = std::move(found);
  return "";
}

YAML::Node write_items(const ItemList& items) {
  YAML::Node list(YAML::NodeType::Sequence);
  for (std::size_t i = 0; i < items.size(); ++i) {
    Binder binder;
    items.declare(binder, i);
    YAML::Node item(YAML::NodeType::Map);
    item.SetStyle(YAML::EmitterStyle::Flow);
    for (const auto& field : binder.fields()) item[field->key] = field->write();
    list.push_back(item);
  }
  return list;
}

}  // namespace detail

std::vector<std::string> places_of(const std::string& text, const std::string& file, const std::string& key) {
  YAML::Node node = detail::load_yaml(text, file);
  for (const std::string& part : detail::split_key(key)) {
    const YAML::Node member = member_of(node, part);
    if (!member.IsDefined()) return {};
    node.reset(member);
  }
  if (!node.IsSequence()) return {detail::place_of_node(node, file)};
  std::vector<std::string> places;
  for (const auto& item : node) places.push_back(detail::place_of_node(item, file));
  return places;
}

}  // namespace runner::config
