#pragma once
// How a run came to its worker: what the launcher decided, and what the worker found.

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace runner {

struct LaunchRecord {
  std::string command;  // as it was given, to be pasted into a shell
  std::string resume;   // the command that goes on with the run, but for --resume --output FOLDER
  Json environment;     // the bootstrap's decisions, a list
  int threads = 0;      // what OMP_NUM_THREADS is, for pools of other kinds
  std::string openmp;   // the policy
  Json scan;            // what the plug-in would load (openmp_scan)
  // By the worker, once its plug-in is loaded.
  Json loaded;  // what is mapped, as `scan`
  std::optional<std::vector<std::string>> differences;
  std::optional<std::string> openblas_core;  // "Haswell"; "": no OpenBLAS

  static void fields(auto& self, auto& field) {
    field.unless_empty("command", self.command);
    field.unless_empty("resume", self.resume);
    field.unless_empty("environment", self.environment);
    field.unless_empty("threads", self.threads);
    field.unless_empty("openmp", self.openmp);
    field.unless_empty("scan", self.scan);
    field.unless_empty("loaded", self.loaded);
    field.unless_empty("differences", self.differences);
    field.unless_empty("openblas_core", self.openblas_core);
  }
};

// The command that goes on with the run in `folder`, to be pasted into the shell that started it.
std::string resume_line(const LaunchRecord& launch, const std::string& folder);

}  // namespace runner
