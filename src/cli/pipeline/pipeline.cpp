#include "cli/pipeline/pipeline.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/log.h"
#include "base/mistakes.h"
#include "cli/find_config.h"

namespace runner::cli {
namespace {

// Of each step, those that it names, in the order of the file.
std::vector<std::set<std::size_t>> named_steps(const std::vector<PipelineStep>& steps) {
  std::map<std::string, std::size_t> numbers;
  for (std::size_t i = 0; i < steps.size(); ++i) numbers[steps[i].name] = i;
  std::vector<std::set<std::size_t>> named(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i)
    for (const std::string& name : steps_named_by(steps[i])) named[i].insert(numbers.at(name));
  return named;
}

// Some step of `left` leads back to itself, since each names another of them.
config::Problem cycle_in(const std::vector<PipelineStep>& steps, const std::set<std::size_t>& left,
                         const std::vector<std::set<std::size_t>>& named) {
  std::vector<std::size_t> way;
  std::size_t at = *left.begin();
  while (std::find(way.begin(), way.end(), at) == way.end()) {
    way.push_back(at);
    at = *std::find_if(named[at].begin(), named[at].end(), [&](std::size_t i) { return left.contains(i); });
  }
  way.erase(way.begin(), std::find(way.begin(), way.end(), at));
  way.push_back(at);
  std::string text;
  for (const std::size_t i : way) text += (text.empty() ? "" : " after ") + steps[i].name;
  const PipelineStep& first = steps[way.front()];
  const auto& places = first.after_at.empty() ? first.name_at : first.after_at;
  return {places.front(), step_key(way.front(), "after"),
          "a circle: " + text + "; one of them has to be the first"};
}

// Fills order and earlier.
void put_in_order(Pipeline& pipeline) {
  const auto named = named_steps(pipeline.steps);
  pipeline.earlier.resize(pipeline.steps.size());
  std::set<std::size_t> left;
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) left.insert(i);
  while (!left.empty()) {
    const auto ready = std::find_if(left.begin(), left.end(), [&](std::size_t i) {
      return std::none_of(named[i].begin(), named[i].end(),
                          [&](std::size_t other) { return left.contains(other); });
    });
    if (ready == left.end()) config::throw_if_any({cycle_in(pipeline.steps, left, named)});
    for (const std::size_t other : named[*ready]) {
      pipeline.earlier[*ready].insert(other);
      pipeline.earlier[*ready].insert(pipeline.earlier[other].begin(), pipeline.earlier[other].end());
    }
    pipeline.order.push_back(*ready);
    left.erase(ready);
  }
}

// In order, so that an output is known to those that refer to it. What is wrong is left for the second time,
// when all outputs are known.
void find_outputs(Pipeline& pipeline, StepOutputs& outputs) {
  const auto anything = [](const std::string&) { return true; };
  for (const std::size_t i : pipeline.order) {
    const std::string& name = pipeline.steps[i].name;
    try {
      pipeline.commands[i] = resolve_step(pipeline.steps[i], outputs, anything);
      outputs[name] = pipeline.commands[i].output;
    } catch (const UsageError& error) {
      spdlog::debug("{}: {}", name, error.line());
    }
  }
}

void check_steps(Pipeline& pipeline, const StepOutputs& outputs) {
  std::vector<config::Problem> problems;
  std::set<std::size_t> wrong;  // and those that come after one: what they read is not known
  const std::vector<StepCommand> makers = pipeline.commands;
  for (const std::size_t i : pipeline.order) {
    const auto others = [&](const std::string& path) {
      for (std::size_t k = 0; k < makers.size(); ++k)
        if (k != i && makes(makers[k], path)) return true;
      return false;
    };
    if (std::any_of(wrong.begin(), wrong.end(),
                    [&](std::size_t other) { return pipeline.earlier[i].contains(other); }))
      continue;
    try {
      pipeline.commands[i] = resolve_step(pipeline.steps[i], outputs, others);
    } catch (const Mistakes& error) {
      wrong.insert(i);
      for (const Mistake& mistake : error.all())
        problems.push_back({mistake.place, mistake.key, mistake.message});
    } catch (const UsageError& error) {
      wrong.insert(i);
      problems.push_back({error.place(), "", error.what()});
    }
  }
  config::throw_if_any(problems);
}

// Two steps write it, or one reads what another may only be about to write.
std::vector<config::Problem> clashes(const Pipeline& pipeline) {
  std::vector<config::Problem> problems;
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    const PipelineStep& step = pipeline.steps[i];
    for (std::size_t k = 0; k < pipeline.steps.size(); ++k) {
      const std::string &other = pipeline.steps[k].name, &output = pipeline.commands[k].output;
      if (k < i && same_output(pipeline.commands[k], pipeline.commands[i]))
        problems.push_back({step.name_at.front(), step_key(i, "name"),
                            fmt::format("writes to {}, as '{}' does; give one of them another output",
                                        pipeline.commands[i].output, other)});
      if (k == i || pipeline.earlier[i].contains(k)) continue;
      for (const std::string& input : pipeline.commands[i].inputs)
        if (makes(pipeline.commands[k], input))
          problems.push_back(
              {step.name_at.front(), step_key(i, "name"),
               fmt::format("reads {}, which '{}' makes{}, and does not come after it; add `after: [{}]`",
                           input, other, input == output ? "" : " (" + output + ")", other)});
    }
  }
  return problems;
}

}  // namespace

bool is_pipeline(const std::filesystem::path& file) {
  return config::top_level_value(read_config(file), file.string(), "job") == pipeline_job;
}

void read_keys(PipelineKeys& keys, const std::filesystem::path& file) {
  const std::string text = read_config(file);
  std::vector<config::Problem> problems = config::resolve(keys.binder, text, file.string(), {});
  if (problems.empty()) {
    find_places(keys.options, text, file.string());
    problems = check(keys.options);
  }
  config::throw_if_any(problems);
}

Pipeline read_pipeline(const std::filesystem::path& file) {
  PipelineKeys keys;
  read_keys(keys, file);
  Pipeline pipeline;
  pipeline.file = file;
  pipeline.steps = keys.options.steps;
  pipeline.commands.resize(pipeline.steps.size());
  put_in_order(pipeline);
  StepOutputs outputs;
  find_outputs(pipeline, outputs);
  check_steps(pipeline, outputs);
  config::throw_if_any(clashes(pipeline));
  return pipeline;
}

}  // namespace runner::cli
