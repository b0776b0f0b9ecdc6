#pragma once
// runner runs report: pages of past trainings.

#include <filesystem>
#include <string>
#include <vector>

namespace runner::cli {

struct ReportOptions {
  std::vector<std::string> runs;  // folders
  std::string output;             // "": report.html of the one run, runs.html of several
  std::string evaluations = "artifacts/lvm/eval";
};

// Writes the page and returns where. One run: with every evaluation of its model. Throws UsageError for a run
// that is no training or an output that holds something else, DataError for a damaged run, RunError.
std::filesystem::path write_report(const ReportOptions& options);

}  // namespace runner::cli
