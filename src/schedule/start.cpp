#include "schedule/start.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <regex>
#include <thread>

#include "base/atomic_file.h"
#include "base/console.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/time.h"
#include "worker/launch/own_command.h"

namespace runner::runtime {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kept_logs = 10;
constexpr int grace_seconds = 60;  // between the request to stop and the end by force: a checkpoint is saved

// As new_log makes it: other files in the folder are somebody's.
bool is_log(const fs::path& file) {
  static const std::regex name("[0-9]{8}_[0-9]{6}_[0-9]+\\.log");
  return std::regex_match(file.filename().string(), name);
}

fs::path new_log(const ScheduleEntry& entry) {
  const std::string name = name_time();
  const fs::path folder = entry.state / "logs";
  fs::create_directories(folder);
  std::vector<fs::path> logs;
  for (const auto& file : fs::directory_iterator(folder))
    if (is_log(file.path())) logs.push_back(file.path());
  std::sort(logs.begin(), logs.end());
  for (std::size_t i = 0; i + kept_logs <= logs.size(); ++i) fs::remove(logs[i]);
  return folder / (std::string(name) + "_" + std::to_string(::getpid()) + ".log");
}

pid_t start(const ScheduleEntry& entry, const fs::path& log) {
  if (::chdir(entry.folder.c_str()) != 0) throw_errno("cannot enter the folder", entry.folder.string());
  const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) throw_errno("cannot write the log", log.string());
  const int own = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  ::dup2(fd, STDOUT_FILENO);  // the run's, which inherits it
  ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  ChildSetup setup = own_command({"run", entry.config.string()});
  for (const auto* variables : {&entry.environment, &entry.secrets})
    for (const auto& [name, value] : *variables) setup.environment[name] = value;
  setup.own_group = true;
  setup.death_signal = SIGTERM;
  setup.stderr_fd = fd;
  const pid_t child = spawn(setup);
  if (own >= 0) {
    ::dup2(own, STDOUT_FILENO);
    ::close(own);
  }
  ::close(fd);
  return child;
}

struct Watched {
  int exit_code = 0;
  bool timed_out = false, stopped = false;
};

// Stop requests are passed on; at the timeout the run is asked to stop, and a minute later killed.
Watched watch(pid_t child, long timeout) {
  Watched result;
  const Clock::time_point limit = Clock::now() + std::chrono::seconds(timeout);
  Clock::time_point force = Clock::time_point::max();
  const auto ask = [&](int signal) {
    ::kill(child, signal);
    force = Clock::now() + std::chrono::seconds(grace_seconds);
  };
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (!result.stopped && !result.timed_out) {
      result.stopped = stop_signal() != 0;
      result.timed_out = !result.stopped && timeout > 0 && Clock::now() >= limit;
      if (result.stopped || result.timed_out) ask(result.stopped ? stop_signal() : SIGTERM);
    }
    if (Clock::now() >= force) ::kill(-child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string last_lines(const fs::path& log, std::size_t count) {
  std::string text = read_file(log);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::size_t at = text.size();
  for (std::size_t i = 0; i < count && at != std::string::npos && at > 0; ++i) at = text.rfind('\n', at - 1);
  return at == std::string::npos || at == 0 ? text : text.substr(at + 1);
}

std::string outcome_of(const Watched& watched) {
  if (watched.timed_out) return "timed out";
  if (watched.stopped) return "stopped";
  return watched.exit_code == 0 ? "succeeded" : "failed";
}

void tell_end(const ScheduleEntry& entry, const LastRun& run) {
  say_error("runner: {}: the scheduled run {} after {}, exit code {}\n{}\nlog: {}\n", entry.config.string(),
            run.outcome, format_duration(run.seconds), run.exit_code.value_or(0), last_lines(run.log, 5),
            run.log);
}

}  // namespace

int start_scheduled(const ScheduleEntry& entry) {
  catch_stop_signals();
  const fs::path lock_file = entry.state / "lock";
  const auto lock = FileLock::try_lock(lock_file);
  if (!lock) {
    const auto running = load_last_run(entry);
    say_error("runner: {}: the run started {} is still going (process {}); this start leaves\n",
              entry.config.string(), running ? running->started : "earlier", FileLock::holder(lock_file));
    return 0;
  }
  LastRun run;
  run.started = iso_time();
  run.outcome = "running";
  run.log = new_log(entry).string();
  run.pid = ::getpid();
  save_last_run(entry, run);
  const Clock::time_point begin = Clock::now();
  Watched watched;
  try {
    watched = watch(start(entry, run.log), entry.timeout);
  } catch (const Error& error) {  // it could not be started: as visible as any other failure
    watched.exit_code = static_cast<int>(error.code());
    write_file_atomically(run.log, "runner: " + error.line() + "\n");
  }
  run.seconds = seconds_since(begin);
  run.ended = iso_time();
  run.exit_code = watched.exit_code;
  run.outcome = outcome_of(watched);
  if (run.outcome != "succeeded") run.message = last_lines(run.log, 1);
  save_last_run(entry, run);
  if (run.outcome != "succeeded") tell_end(entry, run);
  return watched.timed_out ? static_cast<int>(ExitCode::failed) : watched.exit_code;
}

}  // namespace runner::runtime
