#pragma once
// systemd, launchd and cron behind the same few functions.

#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "schedule/entry.h"
#include "schedule/host.h"
#include "schedule/when.h"

namespace runner::runtime {

// systemd where it runs, launchd on macOS, else cron.
std::string default_scheduler(const Host& host);

// WHEN for this scheduler; a calendar expression is checked by `systemd-analyze calendar`. Throws UsageError.
When when_for(const Host& host, const std::string& scheduler, const std::string& text);

// The files (path, text) that an installation consists of; cron's is its one line, with the path "crontab".
std::vector<std::pair<std::string, std::string>> files_of(const Host& host, const ScheduleEntry& entry,
                                                          const When& when);

// Writes and starts the timer, in place of an earlier one of the same id. Throws EnvironmentError with
// nothing left behind when the scheduler refuses.
void install(const Host& host, const ScheduleEntry& entry, const When& when);
// Takes away what install wrote, and nothing else; no error when it is gone already.
void remove(const Host& host, const ScheduleEntry& entry);
// Is the timer still there? People edit crontabs.
bool is_installed(const Host& host, const ScheduleEntry& entry);

// When it runs next, as text for people and JSON (ISO 8601 with zone); "" when unknown.
std::string next_run(const Host& host, const ScheduleEntry& entry);
bool catches_up(const ScheduleEntry& entry);  // runs missed while the machine was off or asleep
// What the user should know: cron is not running, systemd stops with the last login. "" when all is well.
std::string caution(const Host& host, const ScheduleEntry& entry);

}  // namespace runner::runtime
