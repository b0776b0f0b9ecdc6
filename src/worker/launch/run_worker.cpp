#include "worker/launch/run_worker.h"

#include <unistd.h>

#include <csignal>
#include <optional>

#include "base/colour.h"
#include "base/error.h"
#include "base/fault_address.h"
#include "base/json_parse.h"
#include "base/live_line.h"
#include "base/log.h"
#include "openmp_scan/loader/process.h"
#include "openmp_scan/scan.h"
#include "worker/launch/lifeline.h"
#include "worker/launch/outcome.h"
#include "worker/launch/paths.h"
#include "worker/processes/process.h"
#include "worker/supervise/crash_report.h"
#include "worker/supervise/mapped_file_at.h"
#include "worker/supervise/supervise.h"

namespace runner::runtime {
namespace {

// A descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// The end that the worker inherits; -1 where the system itself ends it with this process.
int lifeline() {
#ifdef __linux__
  return -1;
#else
  static const Lifeline held = open_lifeline();
  return held.worker_end;
#endif
}

ChildSetup setup_of(const WorkerPlan& plan, int request_fd) {
  ChildSetup setup;
  setup.program = program_path().string();
  setup.argv = {setup.program, "--worker", std::to_string(request_fd)};
  setup.environment = plan.environment;
  setup.own_group = true;
  return setup;
}

WorkerRequest request_of(const WorkerPlan& plan) {
  WorkerRequest request;
  request.context = plan.context;
  request.plugin = plan.plugin;
  request.verbosity = plan.verbosity;
  request.colour = colour_mode();
  return request;
}

// Null when the process cannot be looked at.
Json look_at(pid_t pid) {
  try {
    return to_json(scan_process(pid));
  } catch (const Error& error) {
    spdlog::debug("cannot look at the worker: {}", error.line());
    return nullptr;
  }
}

// What the worker wrote into the status page; null when it had not come so far, or did not fit.
Json told_libraries() {
  const std::string text = status::page().libraries;
  try {
    return text.empty() ? Json() : parse_json(text, "the worker's libraries");
  } catch (const DataError& error) {
    spdlog::debug("{}", error.line());
    return nullptr;
  }
}

// The worker's outcome; nothing when it ended before it had one.
std::optional<WorkerOutcome> handed_over(int fd) {
  try {
    const std::string text = read_from_start(fd);
    if (text.empty()) return std::nullopt;
    const std::string place = "the worker's result";
    return record_from<WorkerOutcome>(parse_json(text, place, own_result), place);
  } catch (const Error& error) {
    spdlog::debug("{}", error.line());
    return std::nullopt;
  }
}

struct Attempt {
  CrashFacts facts;
  std::string output;  // the run's folder, if the worker told it
  std::optional<WorkerOutcome> outcome;
};

// The line to paste; "" when there is nothing to go on from.
std::string resume_line_of(const std::string& output, const LaunchRecord& launch) {
  std::error_code error;
  const std::filesystem::path checkpoints = std::filesystem::path(output) / "checkpoints";
  const bool any = !output.empty() && !launch.resume.empty();
  return any && std::filesystem::is_directory(checkpoints, error) ? resume_line(launch, output) : "";
}

Attempt run_once(const WorkerPlan& plan) {
  const Descriptor status_page(status::create());
  const Descriptor stacks(memory_file("runner-stacks"));
  const Descriptor result(memory_file("runner-result"));
  WorkerRequest request = request_of(plan);
  request.status_fd = status_page.get();
  request.stacks_fd = stacks.get();
  request.result_fd = result.get();
  request.lifeline_fd = lifeline();
  const Descriptor message(write_request(request));

  WorkerSignals signals;
  Watch watch;
  watch.pid = spawn(setup_of(plan, message.get()));
  watch.page = &status::page();
  watch.stacks_fd = stacks.get();
  watch.stall_timeout = plan.options.stall_timeout;
  Json libraries;      // what was loaded when it crashed, also what came after the plug-in's start
  std::string mapped;  // the file whose end went away under it
  watch.at_crash = [&] {
    libraries = look_at(watch.pid);
    mapped = mapped_file_at(watch.pid, status::fault_address());
  };
  Attempt attempt;
  CrashFacts& facts = attempt.facts;
  facts.ending = supervise(signals, watch);
  if (facts.ending.signal != 0) live_line::clear_remains();
  facts.job = plan.context.job;
  facts.phase = status::page().phase;
  facts.step = status::page().step.load();
  facts.stall_timeout = plan.options.stall_timeout;
  facts.libraries = libraries.is_object() ? libraries : told_libraries();
  facts.loaded = facts.libraries.is_object();
  if (!facts.loaded) facts.libraries = plan.context.launch.scan;
  facts.input = mapped.empty() ? status::page().input : mapped;
  facts.input_use = status::page().input_use.load();
  attempt.output = status::page().output;
  facts.resume = resume_line_of(attempt.output, plan.context.launch);
  attempt.outcome = handed_over(result.get());
  return attempt;
}

// By a request, ours or the terminal's, or by the end of who reads its output; 130 or 143 without a signal is
// a second request to a worker that was still saving.
bool was_stopped(const Ending& ending) {
  if (ending.signal != 0) return ending.asked || ending.signal == SIGPIPE;
  return ending.exit_code == 128 + SIGINT || ending.exit_code == 128 + SIGTERM;
}

std::string stop_line(const Ending& ending) {
  if (ending.signal == SIGPIPE) return "the worker's output was closed: " + signal_name(SIGPIPE);
  if (ending.signal != 0)
    return fmt::format("stopped by {} before there was anything to save", signal_name(ending.signal));
  return "stopped by a second request before everything was saved";
}

// A worker that ended while its manifest still said "running": it was stopped by force, or its disk was full.
void settle(const Attempt& attempt) {
  if (attempt.output.empty()) return;
  const bool stopped = attempt.facts.ending.asked || attempt.facts.ending.exit_code > 128;
  settle_outcome(attempt.output, stopped ? "interrupted" : "failed");
}

// To stdout, or to who asked for it.
int deliver(const WorkerOutcome& outcome, const WorkerPlan& plan, WorkerOutcome* taken) {
  if (taken != nullptr)
    *taken = outcome;
  else
    print_outcome(outcome, plan.context.json);
  return outcome.result.exit_code;
}

WorkerOutcome failed(int exit_code, const std::string& message, const std::string& place) {
  WorkerOutcome outcome;
  outcome.result.exit_code = exit_code;
  outcome.error = error_record(exit_code, message, place);
  return outcome;
}

}  // namespace

int run_worker(const WorkerPlan& plan, WorkerOutcome* taken) {
  WorkerPlan current = plan;
  for (std::int64_t left = plan.options.restarts;; --left) {
    const Attempt attempt = run_once(current);
    const Ending& ending = attempt.facts.ending;
    if (attempt.outcome || was_stopped(ending)) settle(attempt);
    if (attempt.outcome) {
      if (ending.signal != 0 || ending.exit_code != attempt.outcome->result.exit_code)
        spdlog::warn("the worker had done all its work, and then {}; what it wrote is complete",
                     how_it_ended(ending));
      return deliver(*attempt.outcome, plan, taken);
    }
    if (was_stopped(ending)) {
      spdlog::warn("{}", stop_line(ending));
      return deliver(failed(ending.exit_code, stop_line(ending), attempt.output), plan, taken);
    }
    const bool data = blames_input(attempt.facts);
    spdlog::error("{}", data && attempt.facts.input_use != InputUse::parsed ? crash_line(attempt.facts)
                                                                            : crash_report(attempt.facts));
    record_crash(attempt.output, attempt.facts, plan.context.launch);
    if (left > 0 && !data) {
      spdlog::warn("environment.restarts: starting again from the last checkpoint ({} more {} allowed)",
                   left - 1, left == 2 ? "restart" : "restarts");
      current.context.arguments.resume = "auto";
      if (!attempt.output.empty()) current.context.arguments.output = attempt.output;
      continue;
    }
    // A library that calls exit(0) has not done our work.
    const int code = data                    ? static_cast<int>(ExitCode::data)
                     : ending.exit_code == 0 ? static_cast<int>(ExitCode::failed)
                                             : ending.exit_code;
    return deliver(failed(code, crash_line(attempt.facts), attempt.output), plan, taken);
  }
}

void become_worker(const WorkerPlan& plan) {
  execute(setup_of(plan, write_request(request_of(plan))));
}

}  // namespace runner::runtime
