#include "cli/schedule_report.h"

#include "base/log.h"
#include "base/progress.h"
#include "schedule/scheduler.h"

namespace runner::cli {
namespace {

// "2026-11-21T03:00:00+0100" as "2026-11-21 03:00:00"; other texts as they are.
std::string for_people(std::string text) {
  if (text.size() == 24 && text[10] == 'T') {
    text[10] = ' ';
    text.resize(19);
  }
  return text.empty() ? "-" : text;
}

const char* exit_meaning(int code) {
  switch (code) {
    case 0:
      return "";
    case 1:
      return " (the run itself failed)";
    case 2:
      return " (wrong config)";
    case 3:
      return " (an input file's contents)";
    case 4:
      return " (libraries, OpenMP or device)";
    case 5:
      return " (a quality gate failed)";
    default:
      return code > 128 ? " (ended by a signal)" : "";
  }
}

}  // namespace

ScheduleReport report_of(const runtime::Host& host, const runtime::ScheduleEntry& entry) {
  ScheduleReport report;
  report.id = entry.id;
  report.config = entry.config.string();
  report.when = entry.when;
  report.scheduler = entry.scheduler;
  report.catches_up = runtime::catches_up(entry);
  report.installed = runtime::is_installed(host, entry);
  if (report.installed)
    if (const std::string next = runtime::next_run(host, entry); !next.empty()) report.next_run = next;
  report.last_run = runtime::load_last_run(entry);
  if (report.last_run) report.last_run->pid = 0;
  if (const std::string caution = runtime::caution(host, entry); !caution.empty())
    report.warnings.push_back(caution);
  report.folder = entry.folder.string();
  report.runner = entry.runner.string();
  report.timeout_s = entry.timeout;
  report.state = entry.state.string();
  return report;
}

std::string schedule_status(const ScheduleReport& s) {
  std::string text = s.config + "\n";
  const auto line = [&](const char* name, const std::string& value) {
    text += fmt::format("  {:<10} {}\n", name, value);
  };
  line("when", s.when + ", by " + s.scheduler);
  if (!s.catches_up) line("missed", "cron does not catch up runs that were missed while the machine was off");
  line("next run", for_people(s.next_run.value_or("")));
  if (!s.last_run) {
    line("last run", "none yet");
  } else {
    const LastRun& last = *s.last_run;
    line("last run", for_people(last.started) + (last.ended ? ", " + format_duration(last.seconds) : ""));
    line("outcome", last.outcome);
    if (last.exit_code) line("exit code", std::to_string(*last.exit_code) + exit_meaning(*last.exit_code));
    if (!last.message.empty()) line("message", last.message);
    line("log", last.log);
  }
  line("id", s.id);
  for (const std::string& warning : s.warnings) line("caution", warning);
  return text;
}

std::string schedule_table(const std::vector<ScheduleReport>& schedules) {
  if (schedules.empty())
    return "no schedules; `runner schedule install CONFIG --at \"daily 03:00\"` makes one\n";
  std::string text = fmt::format("{:<10} {:<5} {:<20} {:<20} {:<18} {:<8} {}\n", "OUTCOME", "EXIT",
                                 "LAST RUN", "NEXT RUN", "WHEN", "BY", "CONFIG");
  bool by_cron = false;
  for (const ScheduleReport& s : schedules) {
    const std::string next = s.installed ? for_people(s.next_run.value_or("")) : "timer is gone";
    const LastRun last = s.last_run.value_or(LastRun{"", {}, "never ran", {}, 0, "", "", 0});
    text += fmt::format("{:<10} {:<5} {:<20} {:<20} {:<18} {:<8} {}\n", last.outcome,
                        last.exit_code ? std::to_string(*last.exit_code) : "-", for_people(last.started),
                        next, s.when, s.scheduler, s.config);
    by_cron = by_cron || !s.catches_up;
  }
  if (by_cron) text += "cron does not catch up runs that were missed while the machine was off\n";
  return text;
}

}  // namespace runner::cli
