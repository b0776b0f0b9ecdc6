#pragma once
// The runner's own plug-ins, each a process of its own; or those of another installation, of this system or
// another.

#include <filesystem>
#include <string>

#include "openmp_scan/verdict/sets.h"

namespace runner::cli {

struct PluginFindings {
  runtime::SetsResult sets;  // one a plug-in that is there
  std::string
      isolate;  // what environment.openmp: isolate makes of smoke: "run", "warn", "separate", "refuse"
};

// `tree`: where bin/runner and lib/runner lie, or a build folder; "": this program's own.
PluginFindings scan_plugins(const std::filesystem::path& tree, runtime::ScanOptions options);

}  // namespace runner::cli
