#include "cli/pipeline/pipeline_run.h"

#include <algorithm>
#include <chrono>
#include <csignal>

#include "base/colour.h"
#include "base/error.h"
#include "base/json_file.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/shell_quote.h"
#include "base/time.h"
#include "base/version.h"
#include "cli/job_output.h"
#include "cli/pipeline/changes.h"
#include "config/suggest.h"
#include "worker/launch/own_command.h"

namespace runner::cli {
namespace fs = std::filesystem;

namespace {

constexpr int gates_failed = static_cast<int>(ExitCode::gate);

// It was asked to stop, or died: what it has saved is of use.
bool can_go_on(int exit_code) {
  return exit_code == static_cast<int>(ExitCode::failed) || exit_code > 128;
}

bool is_stop(int exit_code) {
  return exit_code == 128 + SIGINT || exit_code == 128 + SIGTERM || exit_code == 128 + SIGHUP;
}

std::string command_line(const std::vector<std::string>& words) {
  std::string line = "runner";
  for (const std::string& word : words) line += " " + shell_quoted(word);
  return line;
}

bool same_work(const PipelineStepRecord& a, const PipelineStepRecord& b) {
  return changes_of_settings(a, b).empty() && same_contents(a.inputs, b.inputs);
}

bool reads_from(const StepCommand& step, const StepCommand& other) {
  return std::any_of(step.inputs.begin(), step.inputs.end(),
                     [&](const std::string& input) { return makes(other, input); });
}

std::vector<std::string> names_of(const Pipeline& pipeline) {
  std::vector<std::string> names;
  names.reserve(pipeline.steps.size());
  for (const PipelineStep& step : pipeline.steps) names.push_back(step.name);
  return names;
}

bool is_there(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

}  // namespace

PipelineRun::PipelineRun(const Pipeline& pipeline, const PipelineFlags& flags)
    : pipeline_(pipeline), flags_(flags), state_(pipeline.file) {
  const std::vector<std::string> names = names_of(pipeline);
  for (const std::string& wanted : flags.steps) {
    if (std::find(names.begin(), names.end(), wanted) != names.end()) continue;
    const std::string guess = config::closest(wanted, names);
    throw UsageError(
        fmt::format("no step is called '{}'{}; there are {}", wanted,
                    guess.empty() ? "" : " (did you mean " + guess + "?)", fmt::join(names, ", ")),
        pipeline.file.string());
  }
}

std::vector<std::size_t> PipelineRun::chosen() const {
  const auto wanted = [&](std::size_t step) {
    return flags_.steps.empty() || std::find(flags_.steps.begin(), flags_.steps.end(),
                                             pipeline_.steps[step].name) != flags_.steps.end();
  };
  std::vector<std::size_t> steps;
  for (const std::size_t step : pipeline_.order) {
    bool needed = wanted(step);
    for (const std::size_t other : pipeline_.order)
      needed = needed || (wanted(other) && pipeline_.earlier[other].contains(step));
    if (needed) steps.push_back(step);
  }
  return steps;
}

bool PipelineRun::forced(std::size_t step) const {
  const std::string& name = pipeline_.steps[step].name;
  return flags_.force && (flags_.steps.empty() ||
                          std::find(flags_.steps.begin(), flags_.steps.end(), name) != flags_.steps.end());
}

StepOutputs PipelineRun::outputs_now() const {
  StepOutputs outputs;
  for (std::size_t i = 0; i < pipeline_.steps.size(); ++i) {
    const std::string &name = pipeline_.steps[i].name, &output = pipeline_.commands[i].output;
    const PipelineStepRecord* done = state_.done(name);
    const bool has_made_it = done != nullptr && done->output && text_in(done->values, "output") == output;
    outputs[name] = has_made_it ? done->output->path : output;
  }
  return outputs;
}

std::string PipelineRun::objection_to_output(const PipelineStepRecord& done) {
  if (!done.output) return "";
  if (!is_there(done.output->path)) return done.output->path + " is not there";
  return contents_.of(done.output->path).xxh64 == done.output->xxh64
             ? ""
             : done.output->path + " is not what the step has made";
}

PipelineRun::Decision PipelineRun::decide(std::size_t step, bool inputs_are_there) {
  const std::string& name = pipeline_.steps[step].name;
  Decision decision;
  decision.command = resolve_step(pipeline_.steps[step], outputs_now(),
                                  [&](const std::string&) { return !inputs_are_there; });
  PipelineStepRecord& record = decision.record;
  record.job = decision.command.type->name;
  record.runner = version();
  record.values = decision.command.values;
  record.arguments = decision.command.arguments;
  if (!decision.command.output.empty()) record.output = InputRecord{decision.command.output, 0, ""};
  if (inputs_are_there)
    for (const std::string& input : decision.command.inputs) record.inputs.push_back(contents_.of(input));
  if (forced(step)) decision.reasons.emplace_back("--force");
  const PipelineStepRecord* done = state_.done(name);
  if (done == nullptr) {
    decision.reasons.emplace_back(state_.unfinished(name) != nullptr ? "not finished" : "not run yet");
    return decision;
  }
  const auto add = [&](const std::vector<std::string>& more) {
    decision.reasons.insert(decision.reasons.end(), more.begin(), more.end());
  };
  add(changes_of_settings(*done, record));
  if (inputs_are_there) add(changes_of_inputs(*done, record));
  if (const std::string objection = objection_to_output(*done); !objection.empty()) add({objection});
  return decision;
}

PipelineReport PipelineRun::plan() {
  PipelineReport report{pipeline_.file.string(), state_.file().string(), {}, 0, {}};
  std::set<std::size_t> open;  // that run, or may
  for (const std::size_t step : chosen()) {
    std::vector<std::string> waits_for;
    for (const std::size_t other : open)
      if (reads_from(pipeline_.commands[step], pipeline_.commands[other]))
        waits_for.push_back(pipeline_.steps[other].name);
    const Decision decision = decide(step, waits_for.empty());
    StepReport told{pipeline_.steps[step].name,
                    decision.record.job,
                    "unchanged",
                    decision.reasons,
                    command_line(decision.command.words),
                    "",
                    {},
                    0};
    const PipelineStepRecord* done = state_.done(told.name);
    told.output = decision.reasons.empty() && done->output ? done->output->path : decision.command.output;
    if (!decision.reasons.empty()) {
      told.state = "runs";
    } else if (!waits_for.empty()) {
      told.state = "waits";
      told.reasons = {fmt::format("for {}", fmt::join(waits_for, ", "))};
    }
    if (told.state != "unchanged") open.insert(step);
    report.steps.push_back(told);
  }
  return report;
}

PipelineReport PipelineRun::run() {
  state_.take();
  state_.keep_only(names_of(pipeline_));
  const auto begin = std::chrono::steady_clock::now();
  PipelineReport report{pipeline_.file.string(), state_.file().string(), {}, 0, {}};
  std::set<std::size_t> missing;  // not done
  bool stopped = false;
  for (const std::size_t step : chosen()) {
    StepReport told{
        pipeline_.steps[step].name, pipeline_.commands[step].type->name, "not run", {}, "", "", {}, 0};
    const bool can_run = std::none_of(missing.begin(), missing.end(), [&](std::size_t other) {
      return pipeline_.earlier[step].contains(other);
    });
    stopped = stopped || asked_ != 0;
    if (stopped || !can_run || !run_step(step, told)) missing.insert(step);
    const bool failed = told.state == "failed" || told.state == "interrupted";
    stopped = stopped || told.state == "interrupted" || (failed && !flags_.keep_going);
    if (failed && !report.error)
      report.error =
          ErrorRecord{*told.exit_code,
                      fmt::format("step {} {}, exit code {}", told.name,
                                  told.state == "failed" ? "has failed" : "was interrupted", *told.exit_code),
                      report.pipeline,
                      {}};
    report.steps.push_back(told);
  }
  if (asked_ != 0 && !report.error && !missing.empty())
    report.error = ErrorRecord{128 + asked_, "interrupted between two steps", report.pipeline, {}};
  report.seconds = seconds_since(begin);
  return report;
}

bool PipelineRun::run_step(std::size_t step, StepReport& report) {
  try {
    Decision decision = decide(step, true);
    report.reasons = decision.reasons;
    if (!decision.reasons.empty()) {
      execute(step, decision, report);
    } else {
      report.state = "unchanged";
      const PipelineStepRecord& done = *state_.done(report.name);
      report.output = done.output ? done.output->path : "";
    }
  } catch (const Error& error) {  // the step's own: others may go on
    say_error("runner: {}\n", error.line());
    report.state = "failed";
    report.exit_code = static_cast<int>(error.code());
  }
  return report.state == "done" || report.state == "unchanged";
}

void PipelineRun::execute(std::size_t step, Decision& decision, StepReport& report) {
  StepCommand& command = decision.command;
  PipelineStepRecord& record = decision.record;
  const PipelineStepRecord* begun = state_.unfinished(report.name);
  const bool goes_on = begun != nullptr && command.can_resume && !forced(step) && same_work(*begun, record) &&
                       begun->output && is_there(begun->output->path);
  if (goes_on) {
    record.output = begun->output;
    command.words.emplace_back("--resume");
  } else if (record.output) {
    record.output->path = new_name(command.output);
  }
  if (record.output && record.output->path != command.output) {
    command.words.emplace_back("--set");
    command.words.push_back("output=" + record.output->path);
  }
  report.command = command_line(command.words);
  report.output = record.output ? record.output->path : "";
  spdlog::info("step {}: {}", report.name, fmt::join(decision.reasons, ", "));
  spdlog::info("step {}: {}", report.name, report.command);
  state_.begin(report.name, record);

  if (flags_.quiet) command.words.emplace_back("--quiet");
  if (flags_.verbose) command.words.emplace_back("--verbose");
  if (colour_mode() != ColourMode::automatic) command.words.push_back("--color=" + to_word(colour_mode()));
  runtime::ChildSetup setup = runtime::own_command(command.words);
  setup.stdout_fd = 2;  // stdout has the pipeline's own result
  const auto begin = std::chrono::steady_clock::now();
  const runtime::CommandEnding ending = runtime::run_to_end(setup);
  report.seconds = record.seconds = seconds_since(begin);
  report.exit_code = record.exit_code = ending.exit_code;
  asked_ = ending.passed_on;
  report.state = asked_ != 0 || is_stop(ending.exit_code) ? "interrupted" : "failed";
  record_end(step, record, report);
}

void PipelineRun::record_end(std::size_t step, PipelineStepRecord record, StepReport& report) {
  const bool allowed = record.exit_code == gates_failed && pipeline_.steps[step].allow_failed_gates;
  if (record.exit_code != 0 && !allowed) {
    if (!can_go_on(record.exit_code)) state_.give_up(report.name);
    return;
  }
  if (record.output && !is_there(record.output->path)) {
    state_.give_up(report.name);
    report.exit_code = allowed ? gates_failed : static_cast<int>(ExitCode::failed);
    spdlog::error("step {}: it has ended well, and its output {} is not there", report.name,
                  record.output->path);
    return;
  }
  if (record.output) record.output = contents_.of(record.output->path);
  record.ended = iso_time();
  state_.finish(report.name, record);
  report.state = "done";
}

}  // namespace runner::cli
