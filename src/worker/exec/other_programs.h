#pragma once
// The bootstrap for programs that are not ours: runner env and runner exec.

#include <filesystem>
#include <string>
#include <vector>

#include "environment/bootstrap.h"

namespace runner::runtime {

struct ForeignOptions {
  std::string threads = "auto";
  std::string device = "auto";
  std::vector<std::string> keep;
  std::string program;  // what will run, for its own libraries; "" when unknown (runner env)
};

std::vector<Decision> decide_for_foreign(const Environment& inherited, const ForeignOptions& options);

// BLAS libraries that a program under this environment would most likely meet: the system's, and those that
// wheels brought into the virtual or conda environment that is active or that `program` belongs to
// (.venv/bin/python; a bare name is looked up in PATH). `root` is prefixed to the system's paths.
std::vector<std::filesystem::path> likely_blas(const Environment& environment,
                                               const std::string& program = "",
                                               const std::filesystem::path& root = "/");

// Lines that bring the decisions into a shell or a notebook. Throws UsageError for an unknown shell.
std::string export_lines(const std::vector<Decision>& decisions, const std::string& shell);

}  // namespace runner::runtime
