#pragma once
// What is remembered of a scheduled config's last run, and what `runner schedule status --json` tells.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/fields.h"

namespace runner {

struct LastRun {
  std::string started;               // local time, ISO 8601 with zone
  std::optional<std::string> ended;  // nothing while it runs
  std::string outcome = "unknown";   // running | succeeded | failed | timed out | stopped | lost | unknown
  std::optional<int> exit_code;      // of `runner run`
  double seconds = 0;
  std::string log;      // path
  std::string message;  // the log's last line, for failures
  int pid = 0;          // of the process that watches over the run; on disk alone

  static void fields(auto& self, auto& field) {
    field("started", self.started);
    field("ended", self.ended);
    field("outcome", self.outcome);
    field("exit_code", self.exit_code);
    field("seconds", self.seconds);
    field("log", self.log);
    field("message", self.message);
    field.unless_empty("pid", self.pid);
  }
};

struct ScheduleReport {
  std::string id, config, when, scheduler;
  bool catches_up = false;  // runs that were missed while the machine was off
  bool installed = false;
  std::optional<std::string> next_run;
  std::optional<LastRun> last_run;
  std::vector<std::string> warnings;
  std::string folder, runner;
  std::int64_t timeout_s = 0;  // 0: none
  std::string state;

  static void fields(auto& self, auto& field) {
    field("id", self.id);
    field("config", self.config);
    field("when", self.when);
    field("scheduler", self.scheduler);
    field("catches_up", self.catches_up);
    field("installed", self.installed);
    field("next_run", self.next_run);
    field("last_run", self.last_run);
    field("warnings", self.warnings);
    field("folder", self.folder);
    field("runner", self.runner);
    field("timeout_s", self.timeout_s);
    field("state", self.state);
  }
};

}  // namespace runner
