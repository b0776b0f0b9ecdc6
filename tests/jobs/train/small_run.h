#pragma once
// Real, short training runs on the bundled sample, with a model small enough for many of them.

#include "base/atomic_file.h"
#include "base/json.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {

// Arguments of `runner`: the P6b v2.3 configuration with a tiny transformer, into `output`.
inline std::vector<std::string> small_run(const std::filesystem::path& output,
                                          std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"train",  "configs/p6b_v23.yaml", "--output", output.string(),
                                        "--json", "--precision",          "fp32"};
  for (const char* setting : {"model.d_model=32", "model.heads=4", "model.layers=2", "model.feedforward=64",
                              "checkpoint.every_steps=5", "checkpoint.keep=2", "train.log_every=5",
                              "train.epochs=2", "train.batch_size=64"}) {
    arguments.push_back("--set");
    arguments.push_back(setting);
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

inline ProgramOptions in_source() {
  return {.folder = RUNNER_SOURCE_DIR, .environment = {}};
}

// The result object: the last line of stdout.
inline Json result_of(const ProgramResult& program) {
  const std::size_t end = program.out.find_last_not_of('\n');
  if (end == std::string::npos) return {};
  const std::size_t start = program.out.rfind('\n', end);
  return Json::parse(program.out.substr(start == std::string::npos ? 0 : start + 1), nullptr, false);
}

// Runs it and kills the launcher after so many seconds with SIGKILL; the worker goes with it.
inline ProgramResult run_and_kill(std::vector<std::string> arguments, double seconds) {
  arguments.insert(arguments.begin(), std::string(RUNNER_BUILD_DIR) + "/runner");
  const std::vector<std::string> timeout = {"timeout", "-s", "KILL", std::to_string(seconds)};
  arguments.insert(arguments.begin(), timeout.begin(), timeout.end());
  return run_program(arguments, in_source());
}

}  // namespace runner::test
