#include "cli/pipeline/step.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/log.h"
#include "cli/find_config.h"
#include "cli/job_output.h"
#include "cli/old_flags.h"
#include "config/values.h"
#include "jobs/registry.h"

namespace runner::cli {
namespace fs = std::filesystem;

namespace {

std::string with_outputs(std::string text, const StepOutputs& outputs) {
  for (const auto& [name, path] : outputs) {
    const std::string reference = "{steps." + name + ".output}";
    for (std::size_t at = text.find(reference); at != std::string::npos;
         at = text.find(reference, at + path.size()))
      text.replace(at, reference.size(), path);
  }
  return text;
}

std::vector<std::string> words_of(const PipelineStep& step, const StepOutputs& outputs) {
  std::vector<std::string> words;
  if (step.job)
    words = {*step.job};
  else
    words = {"run", find_config(step.config).string()};
  for (const std::string& setting : step.set) {
    words.emplace_back("--set");
    words.push_back(with_outputs(setting, outputs));
  }
  for (const std::string& flag : step.flags) words.push_back(with_outputs(flag, outputs));
  return words;
}

const jobs::JobType& type_of(const PipelineStep& step, const std::vector<std::string>& words) {
  if (step.job) return *jobs::find_job(*step.job);
  const std::string text = read_config(words[1]);
  if (config::top_level_value(text, words[1], "job") == pipeline_job)
    throw UsageError("is a pipeline, and a step is one job; name its steps here", words[1]);
  return job_named_in(text, words[1]);
}

void read_flags(const PipelineStep& step, std::vector<std::string> words, const jobs::JobType& type,
                const config::Binder& binder, JobCommandLine& line) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::string place = step.flags_at.empty() ? step.name_at.front() : step.flags_at.front();
  for (const std::string& flag : step.flags)
    if (flag == "--help" || flag == "--json" || flag == "--dry-run" || flag == "--no-supervise")
      throw UsageError(flag + " is for whoever types a command; a step has no use for it", place);
  try {
    parse_job_flags(static_cast<int>(words.size()), argv.data(), type, binder, line);
    apply_config_flag(line, binder);
    apply_old_flags(line, binder);
  } catch (const UsageError& error) {
    throw UsageError(error.line(), place);
  }
  // Mistakes of `set` are told where they stand.
  std::size_t setting = 0;
  for (config::Override& o : line.overrides)
    if (o.origin.starts_with("--set ") && setting < step.set_at.size()) o.origin = step.set_at[setting++];
}

// What lies at both names is the same, whatever stands there now.
fs::path plain_place(const std::string& path) {
  const fs::path place = fs::absolute(path).lexically_normal();
  return place.has_filename() ? place : place.parent_path();
}

bool is_in(const fs::path& path, const fs::path& folder) {
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

}  // namespace

StepCommand resolve_step(const PipelineStep& step, const StepOutputs& outputs,
                         const config::WillBeThere& will_be_there) {
  StepCommand command;
  try {
    command.words = words_of(step, outputs);
  } catch (const UsageError& error) {
    throw UsageError(error.line(), step.config_at.front());
  }
  command.type = &type_of(step, command.words);
  const std::unique_ptr<jobs::JobOptions> options = command.type->make();
  config::Binder binder;
  options->declare_all(binder);
  JobCommandLine line;
  line.will_be_there = will_be_there;
  read_flags(step, command.words, *command.type, binder, line);
  resolve_job(*command.type, *options, binder, line, "{timestamp}");
  if (writes_to_stdout(binder))
    throw UsageError("this step writes to standard output; name a file: set: [output=FILE]",
                     step.name_at.front());
  command.output = output_of(binder);
  command.values = config::values_of(binder);
  for (const auto& field : binder.fields()) {
    if (!field->must_be_file && !field->must_exist) continue;
    const std::size_t before = command.inputs.size();
    for (const std::string& path : config::input_paths(*field))
      if (!path.empty()) command.inputs.push_back(path);
    command.values[field->key] = command.inputs.size() - before;
  }
  if (line.arguments.init) command.inputs.push_back(*line.arguments.init);
  command.arguments = line.arguments;
  for (const jobs::Argument& argument : command.type->arguments)
    command.can_resume =
        command.can_resume || (argument.flag == std::string("--resume") && !line.arguments.resume);
  return command;
}

bool same_output(const StepCommand& a, const StepCommand& b) {
  return !a.output.empty() && !b.output.empty() && plain_place(a.output) == plain_place(b.output);
}

bool makes(const StepCommand& step, const std::string& path) {
  if (step.output.empty() || path.empty()) return false;
  const fs::path output = plain_place(step.output), wanted = plain_place(path);
  return is_in(wanted, output) ||
         (step.type->output == OutputKind::folder && is_in(wanted, output.parent_path() / "latest"));
}

}  // namespace runner::cli
