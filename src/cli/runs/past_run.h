#pragma once
// What was run before: manifests of runs and indexes, and the reports of evaluations, which have none.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace runner::cli {

struct PastRun {
  std::filesystem::path place;     // the run's folder, or the file that it wrote
  std::filesystem::path manifest;  // of an evaluation: the report itself
  std::filesystem::file_time_type written;
  Json contents;
  bool ended = false;  // by itself, and not by a kill

  // "-" for what is not told.
  std::string text(const char* key) const;
  std::string started() const;  // ISO; of an evaluation when its report was written
  std::string outcome() const;
  std::optional<double> seconds() const;  // from start to end
  std::optional<double> best() const;  // train: validation cosine · eval: VAL's · index: recall, self-recall
  std::optional<double> gain() const;  // over the best baseline
  // Of an evaluation: VAL's or OOD's figures; null when there are none.
  const Json& split(const char* name) const;
};

// As it is now: a run that was killed says "running" until somebody looks. `at`: a run's folder, a file that
// one wrote, a manifest, an evaluation's report, or a name among the models. Throws RunError, DataError;
// UsageError for a `latest` that is not there.
PastRun read_run(const std::filesystem::path& at);

// Every run below a folder, oldest first. What cannot be read is left out with a warning. Throws UsageError
// when there is no such folder.
std::vector<PastRun> find_runs(const std::filesystem::path& folder);

// The resolved configuration's keys and values, in the order of the job's declaration; empty when none is
// told.
std::vector<std::pair<std::string, std::string>> configuration_of(const PastRun& run);

}  // namespace runner::cli
