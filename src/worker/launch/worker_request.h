#pragma once
// Inside runtime/ only: a worker's request and outcome, in files in memory.

#include <limits>
#include <string>

#include "base/json_parse.h"
#include "contract/worker_request.h"

namespace runner::runtime {

// What our own processes hand each other is as large as it is.
inline constexpr JsonLimits own_result{std::numeric_limits<std::size_t>::max(), 256};

int write_request(const WorkerRequest& request);  // the descriptor, inherited over exec
WorkerRequest read_request(int fd);               // throws UsageError for anything but a request

// --json: one object as the last line; else the summary. Errors are on stderr already.
void print_outcome(const WorkerOutcome& outcome, bool json);

}  // namespace runner::runtime
