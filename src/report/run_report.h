#pragma once
// report.html of a training.

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "contract/training_records.h"

namespace runner::report {

struct ReportedRun {
  std::filesystem::path folder;
  TrainingHistory history;
  Json manifest = Json::object();   // as manifest.json stands: a run that goes on has no result yet
  std::string configuration;        // config.yaml: each key with its origin as a comment
  NamedList<std::string> settings;  // resolved keys and values, for a comparison
  std::vector<Json> evaluations;    // reports of runner eval on this run's model

  std::string name() const;  // its configuration's, else its folder's
};

// Throws RunError or DataError when there is no history or it is damaged; the rest may be absent.
ReportedRun read_reported_run(const std::filesystem::path& folder);

std::string run_page(const ReportedRun& run);

// FOLDER/report.html of this history, and of what else the folder tells by now.
void write_run_report(const std::filesystem::path& folder, const TrainingHistory& history);

}  // namespace runner::report
