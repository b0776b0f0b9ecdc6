#include "cli/pipeline/options.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "config/places.h"
#include "config/suggest.h"
#include "jobs/registry.h"

namespace runner::cli {
namespace {

constexpr const char* reference_start = "{steps.";
constexpr const char* reference_end = ".output}";

std::string expected_name(const std::string& text) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; };
  const bool good = !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) != 0 &&
                    std::all_of(text.begin(), text.end(), fits);
  return good ? "" : "a letter, and letters, digits, - and _ behind it";
}

std::vector<std::string> job_names() {
  std::vector<std::string> names;
  for (const jobs::JobType& type : jobs::job_types()) names.emplace_back(type.name);
  return names;
}

void declare_step(config::Binder& b, PipelineStep& o) {
  b.option("name", o.name, "the step's name, for other steps and the command line")
      .required()
      .matches(expected_name)
      .pattern("[A-Za-z][A-Za-z0-9_-]*");
  b.option("config", o.config, "the configuration that it runs: a YAML file, or the name of a shipped one");
  config::Field& job =
      b.option("job", o.job, "in place of a configuration: the job, whose keys are all in `set`");
  job.allowed = job_names();
  b.one_of({"config", "job"});
  b.option("set", o.set,
           "keys over the configuration's, each as KEY=VALUE; {steps.NAME.output} is a file that another "
           "step makes");
  b.option("flags", o.flags, "flags of its command, each with its value: --max-steps=100");
  b.option("after", o.after, "steps that come before it, beside those to whose output it refers");
  b.option("allow_failed_gates", o.allow_failed_gates,
           "exit code 5, which leaves every file of train and eval in place, is no failure");
}

// The place of entry `i` of a list, of a value, or of the step.
std::string place_in(const std::vector<std::string>& places, std::size_t i, const PipelineStep& step) {
  if (i < places.size()) return places[i];
  return places.empty() ? step.name_at.front() : places.front();
}

class Check {
 public:
  explicit Check(const PipelineOptions& options) : options_(options) {
    for (const PipelineStep& step : options.steps) names_.push_back(step.name);
  }

  std::vector<config::Problem> problems() {
    std::set<std::string> seen;
    for (step_ = 0; step_ < options_.steps.size(); ++step_) {
      const PipelineStep& step = options_.steps[step_];
      if (!seen.insert(step.name).second)
        tell(step.name_at, 0, "name", "another step is called '" + step.name + "'; names are unique");
      if (step.config.empty() == !step.job)
        tell(step.config_at, 0, "config", "expected a config, or a job in its place: one of the two");
      for (std::size_t i = 0; i < step.after.size(); ++i) know(step.after_at, i, "after", step.after[i]);
      for (std::size_t i = 0; i < step.set.size(); ++i) {
        if (step.set[i].find('=') == std::string::npos || step.set[i].starts_with("="))
          tell(step.set_at, i, "set", "expected KEY=VALUE, got '" + step.set[i] + "'");
        refer(step.set_at, i, "set", step.set[i]);
      }
      for (std::size_t i = 0; i < step.flags.size(); ++i) {
        if (!step.flags[i].starts_with("--"))
          tell(step.flags_at, i, "flags",
               "expected a flag such as --max-steps=100, got '" + step.flags[i] + "'");
        refer(step.flags_at, i, "flags", step.flags[i]);
      }
    }
    return found_;
  }

 private:
  void tell(const std::vector<std::string>& places, std::size_t i, const char* key, const std::string& what) {
    found_.push_back({place_in(places, i, options_.steps[step_]), step_key(step_, key), what});
  }
  void know(const std::vector<std::string>& places, std::size_t i, const char* key, const std::string& name) {
    const std::string& own = names_[step_];
    if (name == own) return tell(places, i, key, "a step cannot come after itself");
    if (std::find(names_.begin(), names_.end(), name) != names_.end()) return;
    const std::string guess = config::closest(name, names_);
    tell(
        places, i, key,
        fmt::format("no step is called '{}'{}", name, guess.empty() ? "" : " (did you mean " + guess + "?)"));
  }
  void refer(const std::vector<std::string>& places, std::size_t i, const char* key,
             const std::string& text) {
    try {
      for (const std::string& name : references_in(text)) know(places, i, key, name);
    } catch (const UsageError& error) {
      tell(places, i, key, error.what());
    }
  }

  const PipelineOptions& options_;
  std::vector<std::string> names_;
  std::size_t step_ = 0;
  std::vector<config::Problem> found_;
};

}  // namespace

void declare(config::Binder& b, PipelineOptions& o) {
  b.option("job", o.job, "which job this file describes");
  b.items("steps", o.steps, "the steps, each a command of the runner", declare_step).required();
}

std::vector<std::string> references_in(const std::string& text) {
  const std::string start = reference_start, end = reference_end;
  std::vector<std::string> names;
  for (std::size_t at = text.find(start); at != std::string::npos; at = text.find(start, at + 1)) {
    const std::size_t name = at + start.size(), close = text.find('}', at);
    const std::size_t length = close == std::string::npos ? 0 : close + 1 - name;
    if (length <= end.size() || text.compare(name + length - end.size(), end.size(), end) != 0)
      throw UsageError("expected {steps.NAME.output}, got '" + text.substr(at, close + 1 - at) + "'");
    names.push_back(text.substr(name, length - end.size()));
  }
  return names;
}

std::vector<std::string> steps_named_by(const PipelineStep& step) {
  std::vector<std::string> names = step.after;
  for (const auto* texts : {&step.set, &step.flags})
    for (const std::string& text : *texts)
      for (const std::string& name : references_in(text)) names.push_back(name);
  return names;
}

void find_places(PipelineOptions& o, const std::string& text, const std::string& file) {
  for (std::size_t i = 0; i < o.steps.size(); ++i) {
    PipelineStep& step = o.steps[i];
    const auto places = [&](const char* key) { return config::places_of(text, file, step_key(i, key)); };
    step.name_at = places("name");
    step.config_at = places("config");
    step.set_at = places("set");
    step.flags_at = places("flags");
    step.after_at = places("after");
  }
}

std::string step_key(std::size_t step, const char* key) {
  return fmt::format("steps[{}].{}", step, key);
}

std::vector<config::Problem> check(const PipelineOptions& o) {
  return Check(o).problems();
}

}  // namespace runner::cli
