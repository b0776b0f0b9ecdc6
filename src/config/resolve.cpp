#include "config/resolve.h"

#include <yaml-cpp/yaml.h>

#include <filesystem>

#include "base/error.h"
#include "base/log.h"
#include "base/mistakes.h"
#include "config/load_yaml.h"
#include "config/planned.h"
#include "config/read_mapping.h"
#include "config/suggest.h"
#include "config/yaml_text.h"

namespace runner::config {
namespace fs = std::filesystem;

namespace {

void read_file_text(Binder& binder, const std::string& text, const std::string& file,
                    std::vector<Problem>& problems) {
  try {
    const YAML::Node root = detail::load_yaml(text, file);
    if (root.IsNull()) return;
    if (!root.IsMap()) {
      problems.push_back({file + ":1:1", "", "expected a mapping of keys (job: train, …)"});
      return;
    }
    auto found = detail::read_mapping(root, binder, file, "");
    problems.insert(problems.end(), found.begin(), found.end());
  } catch (const detail::BadYaml& bad) {
    problems.push_back(bad.problem);
  }
}

bool stands_in_quotes(const std::string& value) {
  return value.size() > 1 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front();
}

// A text, also where several are allowed, is taken as it is: a path may hold what means something to YAML.
// Only one that stands in quotes as a whole is read as YAML reads it.
YAML::Node node_of(const Override& o, Kind kind) {
  const bool list = o.value.starts_with("[") && o.value.ends_with("]");
  const bool text = kind == Kind::text || (kind == Kind::text_list && !list);
  if (text && !stands_in_quotes(o.value)) return detail::text_node(o.value);
  return detail::load_yaml(o.value, o.origin);
}

void apply(Binder& binder, const Override& o, std::vector<Problem>& problems) {
  Field* field = binder.find(o.key);
  if (field == nullptr) {
    const std::string guess = closest_key(o.key, binder);
    problems.push_back({o.origin, o.key == o.origin ? "" : o.key,
                        guess.empty() ? "unknown key" : "unknown key (did you mean " + guess + "?)"});
    return;
  }
  try {
    detail::read_value(node_of(o, field->kind), *field, o.origin, o.key, problems);
    if (Field* other = binder.find(field->replaced_key)) {
      other->read(YAML::Load(other->default_yaml));
      other->origin = "default";
    }
  } catch (const detail::BadYaml& bad) {
    problems.push_back({bad.problem.place, o.key, bad.problem.message});
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

constexpr const char* models_folder = "artifacts/lvm/models";

// Where it is: as given, among the models (those keys are not for files alone: `latest` is a run's name), or
// among the shipped files.
std::string found_path(const Field& field, const std::string& path, const std::string& shipped) {
  std::error_code error;
  const fs::path model = fs::path(models_folder) / path;
  const bool elsewhere = field.must_exist && !path.empty() && !fs::exists(path, error);
  return elsewhere && fs::exists(model, error) ? model.string() : shipped_instead(path, shipped);
}

// Behind the name of a file that is not there.
std::string way_out(const Field& field, const std::string& path) {
  if (!field.must_exist) return "";
  if (fs::path(path).filename() == "latest")
    return "; a training run that finishes makes it: runner train p6b_v23 comes first";
  return fmt::format(", nor a run of that name in {}", models_folder);
}

void check_paths(Field& field, const std::string& shipped, const WillBeThere& will_be_there,
                 std::vector<Problem>& problems) {
  std::vector<std::string> paths = input_paths(field);
  if (paths.empty()) return;
  const auto coming = [&](const std::string& path) { return will_be_there && will_be_there(path); };
  for (std::string& path : paths)
    if (!coming(path)) path = found_path(field, path, shipped);
  const YAML::Node node = field.write();
  if (node.IsScalar() && paths[0] != node.Scalar()) field.read(YAML::Node(paths[0]));
  if (node.IsSequence()) field.read(YAML::Node(paths));
  for (const std::string& path : paths) {
    if ((path.empty() && !node.IsSequence()) || coming(path)) continue;  // not given, or not yet made
    std::error_code error;
    if (path.empty() || path.find('\0') != std::string::npos)
      problems.push_back({field.origin, field.key,
                          path.empty() ? "an empty name; name a file"
                                       : "a name with a NUL character, which no file's can hold"});
    else if (!fs::exists(path, error))
      problems.push_back({field.origin, field.key, "no such file: " + path + way_out(field, path)});
    else if (field.must_be_file && fs::is_directory(path, error))
      problems.push_back({field.origin, field.key, "is a folder, expected a file: " + path});
  }
}

}  // namespace

std::vector<Problem> resolve(Binder& binder, const std::string& text, const std::string& file,
                             const std::vector<Override>& overrides, const std::string& shipped) {
  return resolve_planned(binder, text, file, overrides, shipped, {});
}

std::vector<Problem> resolve_planned(Binder& binder, const std::string& text, const std::string& file,
                                     const std::vector<Override>& overrides, const std::string& shipped,
                                     const WillBeThere& will_be_there) {
  std::vector<Problem> problems;
  for (const auto& field : binder.fields()) {
    if (Field* other = binder.find(field->replaced_key)) {
      other->default_yaml = detail::yaml_text(other->write());
    }
  }
  read_file_text(binder, text, file, problems);
  for (const Override& o : overrides) apply(binder, o, problems);
  for (const auto& field : binder.fields()) {
    if (field->is_required && field->origin == "default")
      problems.push_back({file, field->key, "missing; it has no default (" + field->help + ")"});
    else if (field->is_required && is_empty(*field))
      problems.push_back({field->origin, field->key, "is empty; expected: " + field->help});
    check_paths(*field, shipped, will_be_there, problems);
  }
  return problems;
}

std::string top_level_value(const std::string& text, const std::string& file, const std::string& key) {
  try {
    const YAML::Node root = detail::load_yaml(text, file);
    if (root.IsMap() && root[key] && root[key].IsScalar()) return root[key].Scalar();
    return "";
  } catch (const detail::BadYaml& bad) {
    throw UsageError(bad.problem.message, bad.problem.place);
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
  std::vector<Mistake> mistakes;
  for (const Problem& problem : problems) {
    text += (text.empty() ? "" : "\n") + problem.line();
    mistakes.push_back({problem.place, problem.key, problem.message});
  }
  throw Mistakes(text, std::move(mistakes));
}

}  // namespace runner::config
