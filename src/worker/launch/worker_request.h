#pragma once
// Inside runtime/ only: what the launcher hands to the worker, as JSON in a file in memory.

#include <limits>
#include <string>

#include "base/job.h"
#include "base/json_text.h"
#include "base/log.h"

namespace runner::runtime {

// What our own processes hand each other is as large as it is.
inline constexpr JsonLimits own_result{std::numeric_limits<std::size_t>::max(), 256};

struct WorkerRequest {
  JobContext context;
  std::string plugin;  // the file
  Verbosity verbosity = Verbosity::normal;
  int status_fd = -1;  // inherited descriptors; -1: none
  int stacks_fd = -1;
  int result_fd = -1;    // a part's outcome goes there instead of stdout
  int lifeline_fd = -1;  // ends when the launcher does (systems without PR_SET_PDEATHSIG)
};

int write_request(const WorkerRequest& request);  // the descriptor, inherited over exec
WorkerRequest read_request(int fd);               // throws UsageError for anything but a request

// A worker's outcome: what stdout gets, or a part's result file.
struct WorkerOutcome {
  JobResult result;
  Json error;  // {"code", "message", "place"}; null when there is none
};
Json to_json(const WorkerOutcome& outcome);
WorkerOutcome outcome_from(const Json& json);
// --json: one object as the last line; else the summary. Errors are on stderr already.
void print_outcome(const WorkerOutcome& outcome, bool json);
Json error_object(int code, const std::string& message, const std::string& place);

}  // namespace runner::runtime
