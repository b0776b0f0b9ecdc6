#include "schedule/scheduler.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/log.h"
#include "base/time.h"
#include "schedule/crontab.h"
#include "schedule/launchd_plist.h"
#include "schedule/systemd_units.h"

namespace runner::runtime {
namespace fs = std::filesystem;
namespace {

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
  return text;
}

[[noreturn]] void refused(const std::string& program, const CommandResult& result, const std::string& way) {
  const std::string said = trimmed(result.err.empty() ? result.out : result.err);
  throw EnvironmentError(
      fmt::format("{} ({}); {}", result.exit_code == 127 ? "is not on this machine" : "refuses",
                  said.empty() ? fmt::format("exit code {}", result.exit_code) : said, way),
      program);
}

// "" when there is none. Any other failure must not be taken for an empty one, which would then be written.
std::string read_crontab(const Host& host) {
  const CommandResult result = host.run({"crontab", "-l"}, "");
  if (result.exit_code == 0) return result.out;
  if (result.err.find("no crontab for") != std::string::npos) return "";
  refused("crontab -l", result,
          "install cron, or run `scripts/rebuild_index.sh CONFIG` by a scheduler of yours");
}

void write_crontab(const Host& host, const std::string& text) {
  const CommandResult result =
      text.empty() ? host.run({"crontab", "-r"}, "") : host.run({"crontab", "-"}, text);
  if (result.exit_code != 0) refused("crontab", result, "the crontab is unchanged");
}

// Held from reading the crontab until it is written: of several commands at once each adds its line to the
// others'.
FileLock lock_crontab() {
  return FileLock::wait(schedule_folder().parent_path() / "crontab.lock");
}

bool has_ionice(const Host& host) {
  return host.run({"ionice", "--version"}, "").exit_code == 0;
}

// Debian's and Fedora's cron write their process number there; a killed one leaves it behind.
[[maybe_unused]] bool cron_runs() {
  std::ifstream file("/run/crond.pid");
  pid_t pid = 0;
  return file >> pid && pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

std::string launchd_domain() {
  return "gui/" + std::to_string(::getuid());
}

void start_timer(const Host& host, const ScheduleEntry& entry) {
  const std::string timer = unit_name(entry) + ".timer";
  CommandResult result = host.run({"systemctl", "--user", "daemon-reload"}, "");
  if (result.exit_code == 0) result = host.run({"systemctl", "--user", "enable", timer}, "");
  // restart, not start: an earlier timer of this name would keep its old times.
  if (result.exit_code == 0) result = host.run({"systemctl", "--user", "restart", timer}, "");
  if (result.exit_code == 0) return;
  remove(host, entry);
  refused(
      "systemctl --user", result,
      "without a user session, `loginctl enable-linger $USER` and a new login give one; or use --with cron");
}

void start_agent(const Host& host, const ScheduleEntry& entry, const std::string& plist) {
  host.run({"launchctl", "bootout", launchd_domain() + "/" + agent_label(entry)}, "");
  const CommandResult result = host.run({"launchctl", "bootstrap", launchd_domain(), plist}, "");
  if (result.exit_code == 0) return;
  remove(host, entry);
  refused("launchctl bootstrap", result, "or use --with cron");
}

}  // namespace

std::string default_scheduler([[maybe_unused]] const Host& host) {
#ifdef __APPLE__
  return "launchd";
#else
  return host.systemd_runs ? "systemd" : "cron";
#endif
}

When when_for(const Host& host, const std::string& scheduler, const std::string& text) {
  const bool calendars = scheduler == "systemd";
  When when = parse_when(text, calendars);
  if (when.cron) return when;
  const CommandResult result = host.run({"systemd-analyze", "calendar", "--", when.text}, "");
  if (result.exit_code != 0)
    throw UsageError(fmt::format("'{}' is no time to run at: {}; WHEN is {}", text, trimmed(result.err),
                                 when_grammar(calendars)),
                     "--at");
  if (result.out.find("Next elapse: never") != std::string::npos)
    throw UsageError(fmt::format("'{}' never comes again", text), "--at");
  return when;
}

std::vector<std::pair<std::string, std::string>> files_of(const Host& host, const ScheduleEntry& entry,
                                                          const When& when) {
  if (entry.scheduler == "systemd") {
    const fs::path base = host.user_units / unit_name(entry);
    return {{base.string() + ".service", service_unit(entry)},
            {base.string() + ".timer", timer_unit(entry, when)}};
  }
  if (entry.scheduler == "launchd")
    return {{(host.user_agents / (agent_label(entry) + ".plist")).string(), launchd_plist(entry, when)}};
  return {{"crontab", crontab_line(entry, when, has_ionice(host))}};
}

void install(const Host& host, const ScheduleEntry& entry, const When& when) {
  const auto files = files_of(host, entry, when);
  if (entry.scheduler == "cron") {
    const FileLock lock = lock_crontab();
    const std::string old = read_crontab(host), edited = edit_crontab(old, entry.id, files[0].second);
    if (edited != old) write_crontab(host, edited);
    return;
  }
  for (const auto& [path, text] : files) {
    AtomicFile file(path);
    ::fchmod(file.fd(), 0600);  // it holds environment values
    file.write(text);
    file.commit();
  }
  if (entry.scheduler == "systemd")
    start_timer(host, entry);
  else
    start_agent(host, entry, files[0].first);
}

void remove(const Host& host, const ScheduleEntry& entry) {
  std::error_code ignored;
  if (entry.scheduler == "systemd") {
    host.run({"systemctl", "--user", "disable", "--now", unit_name(entry) + ".timer"}, "");
    for (const char* kind : {".timer", ".service"})
      fs::remove(host.user_units / (unit_name(entry) + kind), ignored);
    fs::remove(host.user_units / "timers.target.wants" / (unit_name(entry) + ".timer"), ignored);
    host.run({"systemctl", "--user", "daemon-reload"}, "");
  } else if (entry.scheduler == "launchd") {
    host.run({"launchctl", "bootout", launchd_domain() + "/" + agent_label(entry)}, "");
    fs::remove(host.user_agents / (agent_label(entry) + ".plist"), ignored);
  } else {
    const FileLock lock = lock_crontab();
    const std::string old = read_crontab(host);
    if (has_crontab_line(old, entry.id)) write_crontab(host, edit_crontab(old, entry.id, ""));
  }
}

bool is_installed(const Host& host, const ScheduleEntry& entry) {
  if (entry.scheduler == "systemd") return fs::exists(host.user_units / (unit_name(entry) + ".timer"));
  if (entry.scheduler == "launchd") return fs::exists(host.user_agents / (agent_label(entry) + ".plist"));
  const CommandResult result = host.run({"crontab", "-l"}, "");
  return result.exit_code == 0 && has_crontab_line(result.out, entry.id);
}

std::string next_run(const Host& host, const ScheduleEntry& entry) {
  const When when = parse_when(entry.when, true);
  if (when.cron) {
    const auto next = next_match(*when.cron, std::time(nullptr));
    return next ? iso_time(*next) : "";
  }
  const CommandResult result = host.run({"systemd-analyze", "calendar", "--", when.text}, "");
  const std::string key = "Next elapse: ";
  const std::size_t at = result.out.find(key);
  if (result.exit_code != 0 || at == std::string::npos) return "";
  const std::size_t start = at + key.size();
  return result.out.substr(start, result.out.find('\n', start) - start);
}

bool catches_up(const ScheduleEntry& entry) {
  return entry.scheduler != "cron";
}

std::string caution(const Host& host, const ScheduleEntry& entry) {
  if (!is_installed(host, entry))
    return "the timer itself is gone, nothing will run; install it again or remove the rest";
  if (!fs::exists(entry.config)) return "the config is gone, runs will fail: " + entry.config.string();
#ifdef __linux__
  if (entry.scheduler == "cron" && !cron_runs())
    return "cron seems not to run on this machine (/run/crond.pid names no process); start it";
  const char* user = std::getenv("USER");
  if (entry.scheduler == "systemd" && user != nullptr &&
      !fs::exists(fs::path("/var/lib/systemd/linger") / user))
    return "it runs only while you are logged in; `loginctl enable-linger` changes that";
#endif
  return "";
}

}  // namespace runner::runtime
