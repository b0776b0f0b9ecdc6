#pragma once
// Files and folders, grouped into the sets that one process could load together.

#include <filesystem>
#include <string>
#include <vector>

#include "openmp_scan/scan.h"

namespace runner::runtime {

struct SetsResult {
  // Each package that brings a runtime or a pool; the pairs that conflict; all of them together.
  std::vector<ScanResult> sets;
  std::vector<std::string> problems;  // of files that belong to no set
  std::size_t binaries = 0;           // shared objects found
  Verdict worst = Verdict::none;
};

// `paths`, files and folders alike, are one process's. Folders are searched for packages.
SetsResult scan_sets(const std::vector<std::filesystem::path>& paths, const ScanOptions& options);

}  // namespace runner::runtime
