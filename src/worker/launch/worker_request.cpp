#include "worker/launch/worker_request.h"

#include <cstdio>

#include "base/error.h"
#include "base/json_parse.h"
#include "base/json_text.h"
#include "base/printable.h"
#include "worker/processes/process.h"

namespace runner::runtime {

int write_request(const WorkerRequest& request) {
  const int fd = memory_file("runner-request");
  write_all(fd, json_message(request));
  return fd;
}

WorkerRequest read_request(int fd) {
  try {
    return record_from<WorkerRequest>(parse_json(read_from_start(fd), "request", own_result), "request");
  } catch (const std::exception& error) {
    throw UsageError(std::string("only the launcher starts workers (no request there: ") + error.what() + ")",
                     "--worker " + std::to_string(fd));
  }
}

void print_outcome(const WorkerOutcome& outcome, bool json) {
  if (json) {
    const Json object = outcome.error ? Json{{"error", *outcome.error}} : outcome.result.result;
    std::puts(json_text(object).c_str());
  } else if (!outcome.error && !outcome.result.summary.empty()) {
    say_states(outcome.result.summary + (outcome.result.summary.back() == '\n' ? "" : "\n"));
  }
}

}  // namespace runner::runtime
