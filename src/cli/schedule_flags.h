#pragma once
// The command line of runner schedule.

#include <string>

namespace runner::cli {

struct ScheduleFlags {
  std::string action;  // install | list | status | remove | start
  std::string config;
  std::string at;
  std::string scheduler = "auto";  // auto | systemd | launchd | cron
  std::string folder;              // "": the current one
  std::string timeout = "24h";
  std::string state;  // start: the entry's folder; "": found by the config
  int nice = 10;
  bool dry_run = false, json = false;
};

// False when --help has been printed. Throws UsageError.
bool parse_schedule_flags(int argc, char** argv, ScheduleFlags& flags);

// "90s", "30m", "6h", "2d", "3600" in seconds. Throws UsageError.
long parse_duration(const std::string& text, const std::string& place);

}  // namespace runner::cli
