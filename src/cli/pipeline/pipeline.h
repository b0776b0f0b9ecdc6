#pragma once
// A pipeline's file, read and checked: steps, what each reads and writes, and their order.

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/pipeline/step.h"

namespace runner::cli {

struct Pipeline {
  std::filesystem::path file;
  std::vector<PipelineStep> steps;
  std::vector<StepCommand> commands;  // of each step, outputs with {timestamp} as they stand
  std::vector<std::size_t> order;     // each step behind those that it comes after, else as in the file
  std::vector<std::set<std::size_t>> earlier;  // of each step: all that it comes after, directly or not
};

// True when the file's `job:` says so.
bool is_pipeline(const std::filesystem::path& file);

// Throws UsageError with all mistakes and their places: of the file; of each step's configuration; steps that
// come after themselves; two steps with one output; a step that reads what another one makes without coming
// after it.
Pipeline read_pipeline(const std::filesystem::path& file);

// The file's own keys, filled, for `config show` and `config schema`.
struct PipelineKeys {
  PipelineOptions options;
  config::Binder binder;
  PipelineKeys() { declare(binder, options); }
  PipelineKeys(const PipelineKeys&) = delete;
  PipelineKeys& operator=(const PipelineKeys&) = delete;
};
// Reads and checks the file by itself.
void read_keys(PipelineKeys& keys, const std::filesystem::path& file);

}  // namespace runner::cli
