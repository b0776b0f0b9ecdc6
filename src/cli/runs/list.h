#pragma once
// runner runs list: a table of past runs.

#include <string>
#include <vector>

#include "base/words.h"
#include "cli/runs/past_run.h"

namespace runner::cli {

// What the last line has most of.
enum class RunOrder { started, best, gain, time, job, name };
inline std::vector<std::string> words_of(RunOrder) {
  return {"started", "best", "gain", "time", "job", "name"};
}

struct ListOptions {
  std::string folder = "artifacts";
  RunOrder sort = RunOrder::started;
  std::string job, outcome, name;  // "": any; name: a part of the name or place
  bool reverse = false;
  std::size_t limit = 0;  // 0: all; else the last so many rows
};

// Filtered, sorted, limited.
std::vector<PastRun> chosen_runs(const ListOptions& options);
// A heading, a line a run; `width` columns wide at most: where a place does not fit behind the figures, all
// places have a line of their own, whole.
std::string run_table(const std::vector<PastRun>& runs, std::size_t width);
// For --json.
Json run_list(const std::vector<PastRun>& runs);

}  // namespace runner::cli
