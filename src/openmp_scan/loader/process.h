#pragma once
// Looking at a running process from outside; it need not cooperate.

#include <sys/types.h>

#include <string>
#include <vector>

#include "openmp_scan/scan.h"

namespace runner::runtime {

struct ProcessThreads {
  std::size_t total = 0, running = 0;  // running: on a CPU or waiting for one (state R)
  std::vector<std::string> names;      // each name once, with its number: "python3 ×4"
};

struct ProcessView {
  pid_t pid = 0;
  std::string command;
  std::vector<std::string> mapped;  // paths of mapped executable files
  std::vector<std::string> gone;  // mapped, but deleted or replaced since: their path names another file now
  Environment environment;        // as it was at exec
  ProcessThreads threads;
  std::size_t cores = 0;             // that the process may use (affinity)
  std::vector<std::string> remarks;  // what could not be looked at
};

// Throws EnvironmentError: no such process, or not ours to look at.
ProcessView look_at(pid_t pid);
// What is mapped into another process: /proc/N/maps, environ. Throws EnvironmentError when it cannot be
// looked at.
ScanResult scan_process(pid_t pid);
// The runtimes and pools among what it has mapped.
ScanResult scan_view(const ProcessView& view);
// The variables that OpenMP, BLAS, the loaders and the frameworks read.
Environment relevant(const Environment& environment);

}  // namespace runner::runtime
