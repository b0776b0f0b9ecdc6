#include "runtime/run_worker.h"

#include <unistd.h>

#include <csignal>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "runtime/crash_report.h"
#include "runtime/outcome.h"
#include "runtime/process.h"
#include "runtime/scan/scan.h"
#include "runtime/supervise.h"

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

// Ends, for whoever reads its other end, when this process does. Linux has PR_SET_PDEATHSIG instead.
int lifeline() {
#ifdef __linux__
  return -1;
#else
  static int read_end = [] {
    int ends[2];
    if (::pipe(ends) != 0) throw_errno("cannot create a pipe", "");
    close_on_exec(ends[1]);
    return ends[0];
  }();
  return read_end;
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

struct Attempt {
  CrashFacts facts;
  std::string output;  // the run's folder, if the worker told it
  std::optional<WorkerOutcome> outcome;
};

Attempt run_once(const WorkerPlan& plan) {
  const Descriptor status_page(status::create());
  const Descriptor stacks(memory_file("runner-stacks"));
  const Descriptor result(plan.part ? memory_file("runner-result") : -1);
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
  Json libraries;  // what was loaded when it crashed, also what came after the plug-in's start
  watch.at_crash = [&] { libraries = look_at(watch.pid); };
  Attempt attempt;
  CrashFacts& facts = attempt.facts;
  facts.ending = supervise(signals, watch);
  facts.job = plan.context.job;
  facts.phase = status::page().phase;
  facts.step = status::page().step.load();
  facts.stall_timeout = plan.options.stall_timeout;
  facts.libraries = libraries.is_object() ? libraries : Json::parse(status::page().libraries, nullptr, false);
  facts.loaded = facts.libraries.is_object();
  if (!facts.loaded && plan.context.launch.contains("scan")) facts.libraries = plan.context.launch["scan"];
  facts.input = status::page().input;
  facts.input_use = status::page().input_use.load();
  attempt.output = status::page().output;
  if (plan.part && facts.ending.signal == 0) {
    const Json json = Json::parse(read_from_start(result.get()), nullptr, false);
    if (json.is_object()) attempt.outcome = outcome_from(json);
  }
  return attempt;
}

bool crashed(const Ending& ending) {
  return ending.signal != 0 && !ending.asked && ending.signal != SIGPIPE;
}

// Stopped before the worker could say anything itself.
void say_stopped(const Attempt& attempt) {
  const Ending& ending = attempt.facts.ending;
  if (ending.asked)
    spdlog::warn("stopped by {} before there was anything to save", signal_name(ending.signal));
  if (ending.signal == SIGPIPE) spdlog::warn("the worker's output was closed: {}", signal_name(SIGPIPE));
}

}  // namespace

int run_worker(const WorkerPlan& plan, WorkerOutcome* outcome) {
  WorkerPlan current = plan;
  for (std::int64_t left = plan.options.restarts;; --left) {
    const Attempt attempt = run_once(current);
    const Ending& ending = attempt.facts.ending;
    if (outcome != nullptr && attempt.outcome) *outcome = *attempt.outcome;
    if (!crashed(ending)) {
      say_stopped(attempt);
      const std::string message = fmt::format("the worker was ended by {}", signal_name(ending.signal));
      const WorkerOutcome killed{{}, error_object(ending.exit_code, message, "")};
      if (ending.signal != 0 && outcome != nullptr) *outcome = killed;
      if (ending.signal != 0 && outcome == nullptr && plan.context.json && ending.signal != SIGPIPE)
        print_outcome(killed, true);
      return ending.exit_code;
    }
    const bool data = blames_input(attempt.facts);
    spdlog::error("{}", data && attempt.facts.input_use != InputUse::parsed ? crash_line(attempt.facts)
                                                                            : crash_report(attempt.facts));
    record_crash(attempt.output, attempt.facts, plan.context.launch);
    if (left > 0 && !data) {
      spdlog::warn("environment.restarts: starting again from the last checkpoint ({} more {} allowed)",
                   left - 1, left == 2 ? "restart" : "restarts");
      current.context.arguments["resume"] = "auto";
      if (!attempt.output.empty()) current.context.arguments["output"] = attempt.output;
      continue;
    }
    const int code = data ? static_cast<int>(ExitCode::data) : ending.exit_code;
    const WorkerOutcome crash{{}, error_object(code, crash_line(attempt.facts), attempt.output)};
    if (outcome != nullptr)
      *outcome = crash;
    else if (plan.context.json)
      print_outcome(crash, true);
    return code;
  }
}

void become_worker(const WorkerPlan& plan) {
  execute(setup_of(plan, write_request(request_of(plan))));
}

}  // namespace runner::runtime
