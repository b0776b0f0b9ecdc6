#include "cli/launch_ranks.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "base/console.h"
#include "base/error.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/time.h"
#include "openmp_scan/scan.h"
#include "ranks/address.h"
#include "worker/launch/own_command.h"
#include "worker/launch/worker_request.h"
#include "worker/processes/signal_pipe.h"

namespace runner::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Rank {
  pid_t pid = -1;
  std::optional<int> code;  // 128 + n: killed by signal n
  bool killed = false;      // by us
};

// One start of all ranks.
struct Attempt {
  std::vector<Rank> ranks;
  std::string out;  // rank 0's stdout
  int asked = 0;    // the signal passed on
  int first = -1;   // the rank that failed first
  bool done() const {
    return std::all_of(ranks.begin(), ranks.end(), [](const Rank& rank) { return rank.code.has_value(); });
  }
};

runtime::ChildSetup setup_of(const RanksLaunch& launch, const std::vector<std::string>& more, int rank,
                             int socket) {
  runtime::ChildSetup setup = runtime::own_command(launch.arguments);
  setup.argv.insert(setup.argv.end(), more.begin(), more.end());
  const auto set = [&](const char* name, const std::string& value) { setup.environment[name] = value; };
  set("RANK", std::to_string(rank));
  set("LOCAL_RANK", std::to_string(rank));
  set("WORLD_SIZE", std::to_string(launch.count));
  set("LOCAL_WORLD_SIZE", std::to_string(launch.count));
  set("MASTER_ADDR", "127.0.0.1");
  set("MASTER_PORT", std::to_string(ranks::port_of(socket)));
  set(ranks::starter_variable, std::to_string(::getpid()));
  setup.environment.erase("TORCHELASTIC_USE_AGENT_STORE");
  if (rank == 0) set(ranks::socket_variable, std::to_string(socket));
  setup.own_group = true;
  return setup;
}

void reap(Attempt& attempt) {
  for (std::size_t i = 0; i < attempt.ranks.size(); ++i) {
    Rank& rank = attempt.ranks[i];
    int status = 0;
    if (rank.code || ::waitpid(rank.pid, &status, WNOHANG) != rank.pid) continue;
    rank.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (*rank.code != 0 && attempt.first < 0) attempt.first = static_cast<int>(i);
  }
}

void signal_all(const Attempt& attempt, int signal) {
  for (const Rank& rank : attempt.ranks)
    if (!rank.code) ::kill(rank.pid, signal);
}

void pass_on(int signal, Attempt& attempt) {
  switch (signal) {
    case SIGINT:
    case SIGTERM:
    case SIGHUP:
      attempt.asked = signal == SIGHUP ? SIGTERM : signal;
      signal_all(attempt, attempt.asked);
      signal_all(attempt, SIGCONT);
      break;
    case SIGTSTP:
      signal_all(attempt, SIGTSTP);
      ::raise(SIGSTOP);
      [[fallthrough]];
    case SIGCONT:
      signal_all(attempt, SIGCONT);
      break;
    default:
      break;
  }
}

// After the first failure the others have this long to notice.
double patience(const RanksLaunch& launch) {
  return std::min(launch.rank_timeout, 15.0);
}

Attempt run_once(const RanksLaunch& launch, const std::vector<std::string>& more) {
  runtime::SignalPipe signals({SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGCHLD}, {SIGHUP, SIGTSTP});
  const int socket = ranks::listen_on("127.0.0.1", 0), out = runtime::memory_file("runner-rank-0");
  runtime::close_on_exec(out);
  Attempt attempt;
  attempt.ranks.resize(static_cast<std::size_t>(launch.count));
  for (int i = 0; i < launch.count; ++i) {
    runtime::ChildSetup setup = setup_of(launch, more, i, socket);
    if (i == 0) {
      setup.stdout_fd = out;
      ::fcntl(socket, F_SETFD, 0);
    }
    attempt.ranks[static_cast<std::size_t>(i)].pid = runtime::spawn(setup);
    if (i == 0) ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  }
  ::close(socket);
  std::optional<Clock::time_point> failed;
  while (!attempt.done()) {
    pollfd waiting{signals.fd(), POLLIN, 0};
    ::poll(&waiting, 1, 500);
    for (const auto& event : signals.take()) pass_on(event.signal, attempt);
    reap(attempt);
    if (attempt.first >= 0 && !failed) failed = Clock::now();
    if (!failed || seconds_since(*failed) < patience(launch)) continue;
    for (Rank& rank : attempt.ranks)
      if (!rank.code) rank.killed = true;
    signal_all(attempt, SIGKILL);
  }
  attempt.out = runtime::read_from_start(out);
  ::close(out);
  return attempt;
}

int exit_code_of(const Attempt& attempt) {
  if (attempt.first < 0) return 0;
  for (const Rank& rank : attempt.ranks)
    if (!rank.killed && *rank.code > 128) return *rank.code;
  return *attempt.ranks[static_cast<std::size_t>(attempt.first)].code;
}

// A rank has died: not ended by itself, nor by a request.
bool has_crashed(const Attempt& attempt) {
  const auto died = [](const Rank& rank) {
    return *rank.code > 128 && *rank.code != 128 + SIGINT && *rank.code != 128 + SIGTERM;
  };
  return attempt.asked == 0 && std::any_of(attempt.ranks.begin(), attempt.ranks.end(), died);
}

// Such a job has the flag that starts ranks.
bool ranks_share(const jobs::JobType& type) {
  return std::any_of(type.arguments.begin(), type.arguments.end(),
                     [](const jobs::Argument& argument) { return std::string(argument.flag) == "--nproc"; });
}

std::string codes_of(const Attempt& attempt) {
  std::string text;
  for (std::size_t i = 0; i < attempt.ranks.size(); ++i)
    text += fmt::format("{}rank {}: {}{}", i == 0 ? "" : ", ", i, *attempt.ranks[i].code,
                        attempt.ranks[i].killed ? " (did not end by itself)" : "");
  return text;
}

}  // namespace

RanksWanted ranks_wanted(const jobs::JobType& type, const JobCommandLine& line) {
  RanksWanted wanted;
  if (line.arguments.ranks > 0 && !line.arguments.dry_run)
    throw UsageError("goes with runner plan; --nproc starts ranks", "--ranks");
  if (!ranks_share(type) || line.arguments.dry_run) return wanted;
  const ranks::Environment environment = runtime::current_environment();
  const auto count = line.arguments.nproc;
  if (count > 0 && ranks::started_by_nproc(environment, ::getppid())) {
    wanted.place = ranks::rank_place(environment);
    return wanted;
  }
  if (count > 4096) throw UsageError("expected up to 4096 ranks on a machine", "--nproc");
  wanted.place = ranks::rank_place(environment);
  if (count == 0) return wanted;
  if (wanted.place && wanted.place->size > 1)
    throw UsageError(
        fmt::format(
            "{} has started this process as rank {} of {}; --nproc starts ranks where nobody else does",
            wanted.place->source, wanted.place->rank, wanted.place->size),
        "--nproc");
  wanted.place.reset();
  wanted.start = count > 1 ? static_cast<int>(count) : 0;
  return wanted;
}

int launch_ranks(const RanksLaunch& launch) {
  std::vector<std::string> more;
  for (std::int64_t left = launch.restarts;; --left) {
    const Attempt attempt = run_once(launch, more);
    const int code = exit_code_of(attempt);
    if (has_crashed(attempt)) spdlog::error("the ranks have ended: {}", codes_of(attempt));
    if (code != 0 && left > 0 && has_crashed(attempt)) {
      spdlog::warn("environment.restarts: all ranks start again{} ({} more allowed)",
                   launch.checkpoints ? " from the last checkpoint" : "", left - 1);
      if (launch.checkpoints && !launch.resumes) more = {"--resume"};
      continue;
    }
    if (!attempt.out.empty()) {
      fmt::print("{}", attempt.out);
    } else if (code != 0 && launch.json) {
      WorkerOutcome outcome;
      outcome.error = error_record(code, "the ranks have ended: " + codes_of(attempt), "--nproc");
      runtime::print_outcome(outcome, true);
    }
    return code;
  }
}

}  // namespace runner::cli
