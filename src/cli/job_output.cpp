#include "cli/job_output.h"

#include "base/atomic_file.h"
#include "base/file_lock.h"
#include "base/output.h"
#include "base/time.h"

namespace runner::cli {
namespace fs = std::filesystem;

namespace {

constexpr const char* time_mark = "{timestamp}";

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

config::Field* output_field(config::Binder& binder) {
  config::Field* field = binder.find("output");
  return field != nullptr && field->kind == config::Kind::text ? field : nullptr;
}

void set_text(config::Field& field, const std::string& text) {
  const std::string origin = field.origin;
  config::set_field_text(field, text);
  field.origin = origin;
}

// "-", or the default of a job whose text formats go there unless a file is named (jobs/record_output.h).
bool goes_to_stdout(const config::Field& output, config::Binder& binder) {
  const config::Field* format = binder.find("format");
  if (format == nullptr) return false;
  const std::string named = config::field_text(*format);
  return config::field_text(output) == "-" ||
         (output.origin == "default" && !named.empty() && named != "npz" && named != "null");
}

// Training begins with its weights and ends by replacing them.
std::string overwrites_init(const Output& output, const std::string& init) {
  std::error_code error;
  const fs::path folder = fs::canonical(output.path, error), read = fs::canonical(init, error);
  if (error || output.kind != OutputKind::folder || (read != folder && read.parent_path() != folder))
    return "";
  return "holds what --init reads (" + init + "), and the run would replace it; take another --output";
}

}  // namespace

void expand_output(const std::string& name, config::Binder& binder, JobCommandLine& line,
                   const std::string& timestamp) {
  config::Field* output = output_field(binder);
  if (output == nullptr) return;
  std::string text = config::field_text(*output);
  if (timestamp != time_mark && text.find(time_mark) != std::string::npos) line.arguments.new_output = true;
  replace_all(text, "{name}", name);
  replace_all(text, time_mark, timestamp);
  set_text(*output, text);
}

bool writes_to_stdout(config::Binder& binder) {
  const config::Field* output = output_field(binder);
  return output != nullptr && goes_to_stdout(*output, binder);
}

std::string output_of(config::Binder& binder) {
  const config::Field* output = output_field(binder);
  return output == nullptr || goes_to_stdout(*output, binder) ? "" : config::field_text(*output);
}

std::string new_name(const std::string& output) {
  std::string name = output;
  if (name.find(time_mark) == std::string::npos) return name;
  replace_all(name, time_mark, name_time());
  std::error_code error;
  for (int number = 1;; ++number) {
    const fs::path free = numbered(name, number);
    if (!fs::exists(fs::symlink_status(free, error))) return free.string();
  }
}

std::vector<config::Problem> judge_output(const jobs::JobType& type, config::Binder& binder,
                                          const JobCommandLine& line, const std::string& config_file) {
  const config::Field* field = output_field(binder);
  if (field == nullptr || goes_to_stdout(*field, binder)) return {};
  Output output;
  output.path = config::field_text(*field);
  output.kind = type.output;
  if (type.manifest_beside) output.manifest_of = type.name;
  output.named = field->origin != "default";
  output.inputs.push_back({"the config", config_file});
  for (const auto& other : binder.fields())
    for (const std::string& path : config::input_paths(*other)) output.inputs.push_back({other->key, path});
  const std::optional<std::string>& init = line.arguments.init;
  if (init) output.inputs.push_back({"--init", *init});
  std::string objection = objection_to(output);
  if (objection.empty() && init) objection = overwrites_init(output, *init);
  if (objection.empty()) return {};
  return {{"", "output", objection}};
}

NewFolder::NewFolder(const jobs::JobType& type, config::Binder& binder, const JobCommandLine& line) {
  if (type.output != OutputKind::folder || !line.arguments.new_output) return;
  if (line.arguments.dry_run || line.arguments.resume) return;
  config::Field& output = *output_field(binder);
  folder_ = make_new_folder(config::field_text(output));
  set_text(output, folder_.string());
}

// A run that was refused has written nothing, or its lock at most.
NewFolder::~NewFolder() {
  if (folder_.empty()) return;
  std::error_code error;
  const fs::path lock = folder_ / ".lock";
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error))
    if (it->path() != lock) return;
  fs::remove(lock, error);
  fs::remove(folder_, error);
}

}  // namespace runner::cli
