#pragma once
// The plug-ins of the jobs (jobs/registry.cpp), each a process of its own; or those of another installation,
// of this system or another.

#include <filesystem>
#include <string>

#include "openmp_scan/verdict/sets.h"

namespace runner::cli {

struct PluginFindings {
  runtime::SetsResult sets;  // one a plug-in that is there
  // What environment.openmp: isolate makes of a job in parts (smoke): "run", "warn", "separate", "refuse".
  std::string isolate;
};

// `tree`: where bin/runner and lib/runner lie, or a build folder; "": this program's own.
PluginFindings scan_plugins(const std::filesystem::path& tree, runtime::ScanOptions options);

}  // namespace runner::cli
