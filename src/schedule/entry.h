#pragma once
// One scheduled config as it is remembered on disk, and what its last run left.
//   STATE/ID/schedule.json  what was installed       STATE/ID/secrets.json   values that no unit, record or
//   log has
//                                                    STATE/ID/last_run.json  start, end, outcome, exit code,
//   log STATE/ID/lock           held while a run goes on STATE/ID/logs/*.log     what the last runs printed

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/schedule_record.h"

namespace runner::runtime {

struct ScheduleEntry {
  std::string id;                // "index_flat_ip-1a2b3c4d": the file's name and a hash of its path
  std::string scheduler;         // systemd | launchd | cron
  std::string when;              // as the user gave it
  std::filesystem::path config;  // absolute
  std::filesystem::path runner;  // absolute
  std::filesystem::path folder;  // where it runs: relative paths of the config start here
  std::filesystem::path state;   // STATE/ID, absolute
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string>
      secrets;       // variables as base/secrets.h tells them; only `start` reads their values
  long timeout = 0;  // seconds
  int nice = 10;     // added to the niceness
};

// $XDG_STATE_HOME/runner/schedule, else ~/.local/state/runner/schedule. Throws EnvironmentError without HOME.
std::filesystem::path schedule_folder();
std::string schedule_id(const std::filesystem::path& config);

// No control characters, line breaks above all, and nothing but UTF-8: what units and property lists can
// hold. An environment value that is not is left out of them; the run gets it from schedule.json all the
// same.
bool is_plain_line(const std::string& text);
// Throws UsageError for a path that a line of a unit or of a crontab cannot hold.
void check_schedulable(const ScheduleEntry& entry);

void save_entry(const ScheduleEntry& entry);  // readable by its owner only
std::filesystem::path secrets_file(const std::filesystem::path& state);
ScheduleEntry load_entry(const std::filesystem::path& state);
// Every entry below schedule_folder(), by config. Damaged ones are a warning in the log.
std::vector<ScheduleEntry> load_entries();

void save_last_run(const ScheduleEntry& entry, const LastRun& run);
// Nothing when it has never run. A run that is recorded as running and whose lock nobody holds is "lost": it
// was killed with its watcher, or the machine went down.
std::optional<LastRun> load_last_run(const ScheduleEntry& entry);

}  // namespace runner::runtime
