#pragma once
// What a pipeline's file says.

#include <optional>
#include <string>
#include <vector>

#include "cli/resolve_job.h"
#include "config/binder.h"

namespace runner::cli {

struct PipelineStep {
  std::string name;
  std::string config;              // this, or ...
  std::optional<std::string> job;  // ... this
  std::vector<std::string> set;    // "train.epochs=3", as behind --set
  std::vector<std::string> flags;  // "--max-steps=100"
  std::vector<std::string> after;  // names of steps
  bool allow_failed_gates = false;
  // Where they stand in the file: one place, or one of each in a list.
  std::vector<std::string> name_at, config_at, set_at, flags_at, after_at;
};

struct PipelineOptions {
  std::string job = pipeline_job;
  std::vector<PipelineStep> steps;
};

void declare(config::Binder& b, PipelineOptions& o);
// Fills in every step's places, of a file that has been read without a mistake.
void find_places(PipelineOptions& o, const std::string& text, const std::string& file);

// Names of the steps whose output `text` refers to: "x={steps.windows.output}". Throws UsageError for
// {steps.…} of any other form.
std::vector<std::string> references_in(const std::string& text);

// Every step that this one names, in `after` or by its output.
std::vector<std::string> steps_named_by(const PipelineStep& step);

// "steps[2].after", for messages.
std::string step_key(std::size_t step, const char* key);

// What is wrong with the file by itself, with places.
std::vector<config::Problem> check(const PipelineOptions& o);

}  // namespace runner::cli
