#include "worker/launch/worker_request.h"

#include <cstdio>

#include "base/error.h"
#include "base/json_reason.h"
#include "base/json_text.h"
#include "base/printable.h"
#include "worker/processes/process.h"

namespace runner::runtime {
int write_request(const WorkerRequest& r) {
  const Json json{{"job", r.context.job},
                  {"config", r.context.config},
                  {"config_with_origins", r.context.config_with_origins},
                  {"arguments", r.context.arguments},
                  {"launch", r.context.launch},
                  {"json", r.context.json},
                  {"plugin", r.plugin},
                  {"verbosity", static_cast<int>(r.verbosity)},
                  {"status_fd", r.status_fd},
                  {"stacks_fd", r.stacks_fd},
                  {"result_fd", r.result_fd},
                  {"lifeline_fd", r.lifeline_fd}};
  const int fd = memory_file("runner-request");
  write_all(fd, json_text(json));
  return fd;
}

WorkerRequest read_request(int fd) {
  try {
    const Json json = parse_json(read_from_start(fd), "request", own_result);
    WorkerRequest r;
    r.context.job = json.at("job");
    r.context.config = json.at("config");
    r.context.config_with_origins = json.at("config_with_origins");
    r.context.arguments = json.at("arguments");
    r.context.launch = json.at("launch");
    r.context.json = json.at("json");
    r.plugin = json.at("plugin");
    r.verbosity = static_cast<Verbosity>(json.at("verbosity").get<int>());
    r.status_fd = json.at("status_fd");
    r.stacks_fd = json.at("stacks_fd");
    r.result_fd = json.at("result_fd");
    r.lifeline_fd = json.at("lifeline_fd");
    return r;
  } catch (const std::exception& error) {
    throw UsageError(std::string("only the launcher starts workers (no request there: ") +
                         without_json_number(error.what()) + ")",
                     "--worker " + std::to_string(fd));
  }
}

Json error_object(int code, const std::string& message, const std::string& place) {
  return Json{{"code", code}, {"message", message}, {"place", place}};
}

Json to_json(const WorkerOutcome& o) {
  return Json{{"result", o.result.result},
              {"exit_code", o.result.exit_code},
              {"summary", o.result.summary},
              {"error", o.error}};
}

WorkerOutcome outcome_from(const Json& json) {
  WorkerOutcome outcome;
  outcome.result.result = json.at("result");
  outcome.result.exit_code = json.at("exit_code");
  outcome.result.summary = json.at("summary");
  outcome.error = json.at("error");
  return outcome;
}

void print_outcome(const WorkerOutcome& outcome, bool json) {
  if (json) {
    const Json object = outcome.error.is_null() ? outcome.result.result : Json{{"error", outcome.error}};
    std::puts(json_text(object).c_str());
  } else if (outcome.error.is_null() && !outcome.result.summary.empty()) {
    say("{}{}", outcome.result.summary, outcome.result.summary.back() == '\n' ? "" : "\n");
  }
}

}  // namespace runner::runtime
