#include "config/resolve.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/log.h"
#include "config/read_value.h"

namespace runner::config {
namespace fs = std::filesystem;

namespace {

std::string parse_place(const YAML::Exception& e, const std::string& file) {
  return e.mark.is_null() ? file : fmt::format("{}:{}:{}", file, e.mark.line + 1, e.mark.column + 1);
}

// The line of the text that a parser's complaint is about, with a caret under the column.
std::string excerpt(const std::string& text, const YAML::Mark& mark) {
  if (mark.is_null()) return "";
  std::size_t start = 0;
  for (int line = 0; line < mark.line && start != std::string::npos; ++line) {
    start = text.find('\n', start);
    if (start != std::string::npos) ++start;
  }
  if (start == std::string::npos || start >= text.size()) return "";
  const std::string line = text.substr(start, text.find('\n', start) - start);
  return "\n  " + line + "\n  " + std::string(static_cast<std::size_t>(std::max(0, mark.column)), ' ') + "^";
}

void read_file_text(Binder& binder, const std::string& text, const std::string& file,
                    std::vector<Problem>& problems) {
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return;
    if (!root.IsMap()) {
      problems.push_back({file + ":1:1", "", "expected a mapping of keys (job: train, …)"});
      return;
    }
    auto found = detail::read_mapping(root, binder, file, "");
    problems.insert(problems.end(), found.begin(), found.end());
  } catch (const YAML::Exception& e) {
    problems.push_back({parse_place(e, file), "", "not valid YAML: " + e.msg + excerpt(text, e.mark)});
  }
}

void apply(Binder& binder, const Override& o, std::vector<Problem>& problems) {
  Field* field = binder.find(o.key);
  if (field == nullptr) {
    std::vector<std::string> keys;
    for (const auto& f : binder.fields()) keys.push_back(f->key);
    const std::string guess = closest(o.key, keys);
    problems.push_back({o.origin, o.key == o.origin ? "" : o.key,
                        guess.empty() ? "unknown key" : "unknown key (did you mean " + guess + "?)"});
    return;
  }
  try {
    // A text is taken as it is: a path may hold characters that mean something to YAML.
    const YAML::Node node = field->kind == Kind::text ? YAML::Node(o.value) : YAML::Load(o.value);
    detail::read_value(node, *field, o.origin, o.key, problems);
    if (Field* other = binder.find(field->replaced_key)) {
      other->read(YAML::Load(other->default_yaml));
      other->origin = "default";
    }
  } catch (const YAML::Exception& e) {
    problems.push_back({o.origin, o.key, "not valid YAML: " + e.msg});
  }
}

// An empty text or list.
bool is_empty(const Field& field) {
  const YAML::Node node = field.write();
  return node.IsSequence() ? node.size() == 0 : node.IsScalar() && node.Scalar().empty();
}

// A file that is not there but ships with an installed runner under the same name.
std::string shipped_instead(const std::string& path, const std::string& shipped) {
  std::error_code error;
  if (path.empty() || shipped.empty() || fs::exists(path, error)) return path;
  const fs::path candidate = fs::path(shipped) / fs::path(path).filename();
  return fs::exists(candidate, error) ? candidate.string() : path;
}

void check_paths(Field& field, const std::string& shipped, std::vector<Problem>& problems) {
  std::vector<std::string> paths = input_paths(field);
  if (paths.empty()) return;
  for (std::string& path : paths) path = shipped_instead(path, shipped);
  const YAML::Node node = field.write();
  if (node.IsScalar() && paths[0] != node.Scalar()) field.read(YAML::Node(paths[0]));
  if (node.IsSequence()) field.read(YAML::Node(paths));
  for (const std::string& path : paths) {
    if (path.empty()) continue;
    std::error_code error;
    if (!fs::exists(path, error))
      problems.push_back({field.origin, field.key, "no such file: " + path});
    else if (field.must_be_file && fs::is_directory(path, error))
      problems.push_back({field.origin, field.key, "is a folder, expected a file: " + path});
  }
}

}  // namespace

std::vector<Problem> resolve(Binder& binder, const std::string& text, const std::string& file,
                             const std::vector<Override>& overrides, const std::string& shipped) {
  std::vector<Problem> problems;
  for (const auto& field : binder.fields()) {
    if (Field* other = binder.find(field->replaced_key)) {
      YAML::Emitter out;
      out << other->write();
      other->default_yaml = out.c_str();
    }
  }
  read_file_text(binder, text, file, problems);
  for (const Override& o : overrides) apply(binder, o, problems);
  for (const auto& field : binder.fields()) {
    if (field->is_required && field->origin == "default")
      problems.push_back({file, field->key, "missing; it has no default (" + field->help + ")"});
    else if (field->is_required && is_empty(*field))
      problems.push_back({field->origin, field->key, "is empty; expected: " + field->help});
    check_paths(*field, shipped, problems);
  }
  return problems;
}

std::string top_level_value(const std::string& text, const std::string& file, const std::string& key) {
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsMap() && root[key] && root[key].IsScalar()) return root[key].Scalar();
    return "";
  } catch (const YAML::Exception& e) {
    throw UsageError("not valid YAML: " + e.msg + excerpt(text, e.mark), parse_place(e, file));
  }
}

std::vector<std::string> input_paths(const Field& field) {
  std::vector<std::string> paths;
  if (!field.must_be_file && !field.must_exist) return paths;
  const YAML::Node node = field.write();
  if (node.IsScalar()) paths.push_back(node.Scalar());
  if (node.IsSequence())
    for (const auto& item : node) paths.push_back(item.Scalar());
  return paths;
}

std::string field_text(const Field& field) {
  return field.write().Scalar();
}

void set_field_text(Field& field, const std::string& value) {
  field.read(YAML::Node(value));
}

void throw_if_any(const std::vector<Problem>& problems) {
  if (problems.empty()) return;
  std::string text;
  for (const Problem& problem : problems) text += (text.empty() ? "" : "\n") + problem.line();
  throw UsageError(text);
}

}  // namespace runner::config
