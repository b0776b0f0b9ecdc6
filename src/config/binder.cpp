#include "config/binder.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/log.h"
#include "config/read_mapping.h"
#include "config/yaml_text.h"

namespace runner::config {

Field& Field::range(double l, double h) {
  low = l;
  high = h;
  return *this;
}

Field& Field::above(double l) {
  low = l;
  low_exclusive = true;
  return *this;
}

Field& Field::required() {
  is_required = true;
  return *this;
}

Field& Field::flag(std::string name) {
  flags.push_back(std::move(name));
  return *this;
}

Field& Field::existing_file() {
  must_be_file = true;
  return *this;
}

Field& Field::replaces(std::string other) {
  replaced_key = std::move(other);
  return *this;
}

Field& Field::existing_path() {
  must_exist = true;
  return *this;
}

Field& Field::also_called(std::vector<std::string> names) {
  other_names = std::move(names);
  return *this;
}

Field& Field::matches(std::function<std::string(const std::string&)> check) {
  expected = std::move(check);
  return *this;
}

Field& Field::pattern(std::string text) {
  expression = std::move(text);
  return *this;
}

std::string Problem::line() const {
  std::string text = place;
  if (!key.empty() && key != place) text += (text.empty() ? "" : ": ") + key;
  return text + (text.empty() ? "" : ": ") + message;
}

Field& Binder::add(std::string key, std::string help, Kind kind) {
  fields_.push_back(std::make_unique<Field>());
  Field& field = *fields_.back();
  field.key = std::move(key);
  field.help = std::move(help);
  field.kind = kind;
  return field;
}

Field* Binder::find(const std::string& key) {
  for (const auto& field : fields_)
    if (field->key == key) return field.get();
  return nullptr;
}

namespace {

const char* expectation(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return "true or false";
    case Kind::integer:
      return "a whole number";
    case Kind::number:
      return "a number";
    case Kind::text:
      return "a text";
    case Kind::text_list:
      return "a list of texts";
    case Kind::number_list:
      return "a list of numbers";
    case Kind::integer_list:
      return "a list of whole numbers";
    case Kind::items:
      return "a list of mappings";
  }
  return "";
}

// "" when fine, else what was expected.
std::string convert(const YAML::Node& node, bool& value) {
  return node.IsScalar() && YAML::convert<bool>::decode(node, value) ? "" : expectation(Kind::boolean);
}

std::string convert(const YAML::Node& node, std::int64_t& value) {
  if (!node.IsScalar()) return expectation(Kind::integer);
  const std::string& text = node.Scalar();
  std::size_t used = 0;
  try {
    value = std::stoll(text, &used, 10);
  } catch (const std::exception&) {
    return expectation(Kind::integer);
  }
  return used == text.size() ? "" : expectation(Kind::integer);
}

std::string convert(const YAML::Node& node, double& value) {
  const bool read = node.IsScalar() && YAML::convert<double>::decode(node, value) && std::isfinite(value);
  return read ? "" : expectation(Kind::number);
}

std::string convert(const YAML::Node& node, std::string& value) {
  if (!node.IsScalar()) return expectation(Kind::text);
  value = node.Scalar();
  return "";
}

template <class T>
std::string convert(const YAML::Node& node, std::vector<T>& values, Kind kind) {
  std::vector<T> read;
  const auto append = [&read](const YAML::Node& item) {
    T value{};
    if (!convert(item, value).empty()) return false;
    read.push_back(std::move(value));
    return true;
  };
  if (node.IsScalar()) {
    if (!append(node)) return expectation(kind);
  } else if (node.IsSequence()) {
    for (const auto& item : node)
      if (!append(item)) return expectation(kind);
  } else {
    return expectation(kind);
  }
  values = std::move(read);
  return "";
}

// The shortest text that reads back as the same double.
YAML::Node scalar_node(double value) {
  return YAML::Node(fmt::format("{}", value));
}
YAML::Node scalar_node(const std::string& value) {
  return detail::text_node(value);
}
template <class T>
YAML::Node scalar_node(const T& value) {
  return YAML::Node(value);
}

template <class T>
YAML::Node list_node(const std::vector<T>& values) {
  YAML::Node node(YAML::NodeType::Sequence);
  for (const T& value : values) node.push_back(scalar_node(value));
  node.SetStyle(YAML::EmitterStyle::Flow);
  return node;
}

template <class T>
void bind_scalar(Field& field, T& target) {
  field.read = [&target](const YAML::Node& node) {
    T value{};
    std::string wanted = convert(node, value);
    if (wanted.empty()) target = std::move(value);
    return wanted;
  };
  field.write = [&target] { return scalar_node(target); };
}

template <class T>
void bind_optional(Field& field, std::optional<T>& target) {
  field.optional = true;
  field.read = [&target](const YAML::Node& node) {
    if (node.IsNull()) {
      target.reset();
      return std::string();
    }
    T value{};
    const std::string wanted = convert(node, value);
    if (!wanted.empty()) return wanted + " or null";
    target = std::move(value);
    return std::string();
  };
  field.write = [&target] { return target ? scalar_node(*target) : YAML::Node(YAML::NodeType::Null); };
}

template <class T>
void bind_list(Field& field, std::vector<T>& target) {
  const Kind kind = field.kind;
  field.read = [&target, kind](const YAML::Node& node) { return convert(node, target, kind); };
  field.write = [&target] { return list_node(target); };
}

}  // namespace

// An unknown word changes nothing here: it is what check of the allowed ones finds.
void detail::bind_choice(Field& field, std::function<std::optional<std::size_t>()> get,
                         std::function<void(std::optional<std::size_t>)> set) {
  field.read = [&field, set = std::move(set)](const YAML::Node& node) -> std::string {
    if (field.optional && node.IsNull()) {
      set(std::nullopt);
      return "";
    }
    std::string word;
    const std::string wanted = convert(node, word);
    const auto found = std::find(field.allowed.begin(), field.allowed.end(), word);
    if (wanted.empty() && found != field.allowed.end())
      set(static_cast<std::size_t>(found - field.allowed.begin()));
    return wanted.empty() || !field.optional ? wanted : wanted + " or null";
  };
  field.write = [&field, get = std::move(get)] {
    const std::optional<std::size_t> number = get();
    return number ? scalar_node(field.allowed.at(*number)) : YAML::Node(YAML::NodeType::Null);
  };
}

void detail::bind_items(Field& field, ItemList list) {
  field.read = [list, key = field.key](const YAML::Node& node) { return read_items(node, key, list); };
  field.write = [list] { return write_items(list); };
}

#define RUNNER_BIND(type, kind, bind)                                      \
  Field& Binder::option(std::string key, type& target, std::string help) { \
    Field& field = add(std::move(key), std::move(help), kind);             \
    bind(field, target);                                                   \
    return field;                                                          \
  }
RUNNER_BIND(bool, Kind::boolean, bind_scalar)
RUNNER_BIND(std::int64_t, Kind::integer, bind_scalar)
RUNNER_BIND(double, Kind::number, bind_scalar)
RUNNER_BIND(std::string, Kind::text, bind_scalar)
RUNNER_BIND(std::optional<bool>, Kind::boolean, bind_optional)
RUNNER_BIND(std::optional<std::int64_t>, Kind::integer, bind_optional)
RUNNER_BIND(std::optional<double>, Kind::number, bind_optional)
RUNNER_BIND(std::optional<std::string>, Kind::text, bind_optional)
RUNNER_BIND(std::vector<std::string>, Kind::text_list, bind_list)
RUNNER_BIND(std::vector<double>, Kind::number_list, bind_list)
RUNNER_BIND(std::vector<std::int64_t>, Kind::integer_list, bind_list)
#undef RUNNER_BIND

}  // namespace runner::config
