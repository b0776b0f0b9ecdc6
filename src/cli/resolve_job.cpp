#include "cli/resolve_job.h"

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/log.h"
#include "base/shell_quote.h"
#include "cli/find_config.h"
#include "cli/job_output.h"
#include "config/suggest.h"
#include "jobs/registry.h"

namespace runner::cli {
namespace {

// A conflict between keys is placed where one of them was given.
void place_conflicts(std::vector<config::Problem>& problems, config::Binder& binder,
                     const std::string& file) {
  for (config::Problem& problem : problems) {
    if (!problem.place.empty()) continue;
    const config::Field* field = binder.find(problem.key);
    problem.place = field != nullptr && field->origin != "default" ? field->origin : file;
  }
}

// The environment's device wins over the file and loses to the flag.
void add_environment(config::Binder& binder, std::vector<config::Override>& overrides) {
  const char* device = std::getenv("RUNNER_DEVICE");
  if (device == nullptr || *device == '\0' || binder.find("device") == nullptr) return;
  overrides.insert(overrides.begin(), {"device", device, "RUNNER_DEVICE"});
}

// --epochs beside the config's own number: a run that a flag cuts short is not judged by final gates.
void note_config_epochs(const jobs::JobType& type, JobCommandLine& line, const std::string& text,
                        const std::string& file) {
  std::vector<config::Override> others;
  for (const config::Override& o : line.overrides)
    if (o.origin != "--epochs") others.push_back(o);
  if (others.size() == line.overrides.size()) return;
  const auto options = type.make();
  config::Binder binder;
  options->declare_all(binder);
  config::resolve(binder, text, file, others);
  if (const config::Field* epochs = binder.find("train.epochs"))
    line.arguments.config_epochs = std::stoll(config::field_text(*epochs));
}

// The command line for a file of another job.
std::string other_command(const std::string& named, const JobCommandLine& line) {
  std::vector<std::string> names;
  for (const jobs::JobType& type : jobs::job_types()) names.emplace_back(type.name);
  names.emplace_back(pipeline_job);
  const std::string guess = config::closest(named, names);
  if (named == pipeline_job) return "run it with: runner run " + shell_quoted(line.positional);
  if (guess == named) return "run it with: runner " + named + " " + shell_quoted(line.positional);
  return "there is no such job" + (guess.empty() ? "" : " (did you mean " + guess + "?)");
}

}  // namespace

const jobs::JobType& job_named_in(const std::string& text, const std::string& file) {
  const std::string name = config::top_level_value(text, file, "job");
  std::vector<std::string> names;
  for (const jobs::JobType& type : jobs::job_types()) {
    if (name == type.name) return type;
    names.emplace_back(type.name);
  }
  names.emplace_back(pipeline_job);
  const std::string guess = name.empty() ? "" : config::closest(name, names);
  throw UsageError(
      name.empty() ? "no `job:` key: the file must say which job it describes"
                   : "unknown job '" + name + "'" + (guess.empty() ? "" : " (did you mean " + guess + "?)"),
      file + ": job");
}

void resolve_job(const jobs::JobType& type, jobs::JobOptions& options, config::Binder& binder,
                 JobCommandLine& line, const std::string& timestamp) {
  std::string text, file = "command line";
  config::CommonOptions& common = options.common();
  common.job = type.name;
  const std::string positional = type.positional;
  if (line.is_config) {
    if (line.positional.empty())
      throw UsageError(std::string("expected a CONFIG: ") + type.example, type.name);
    const auto path = find_config(line.positional);
    file = path.string();
    text = read_config(path);
    const std::string named = config::top_level_value(text, file, "job");
    if (!named.empty() && named != type.name)
      throw UsageError("this file describes the job '" + named + "', not '" + type.name + "'; " +
                           other_command(named, line),
                       file);
    common.name = path.stem().string();
  } else if (!positional.empty() && !line.positional.empty()) {
    line.overrides.push_back({positional, line.positional, positional});
  }
  if (common.name.empty()) common.name = type.name;

  add_environment(binder, line.overrides);
  const auto share = share_folder();
  auto problems =
      config::resolve_planned(binder, text, file, line.overrides,
                              share.empty() ? "" : (share / "sample").string(), line.will_be_there);
  if (problems.empty()) {
    expand_output(common.name, binder, line, timestamp);
    problems = judge_output(type, binder, line, file);  // before any input is read
    std::vector<config::Problem> conflicts;
    if (!line.will_be_there) conflicts = options.take_over_values(binder);
    if (conflicts.empty()) conflicts = options.conflicts();
    problems.insert(problems.end(), conflicts.begin(), conflicts.end());
    place_conflicts(problems, binder, file);
  }
  config::throw_if_any(problems);
  note_config_epochs(type, line, text, file);
}

}  // namespace runner::cli
