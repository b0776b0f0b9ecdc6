#include "cli/schedule_report.h"

#include "base/log.h"
#include "base/printable.h"
#include "base/progress.h"
#include "base/time.h"
#include "cli/help/wrap.h"
#include "report/block.h"
#include "report/place_table.h"
#include "schedule/scheduler.h"

namespace runner::cli {
namespace {

constexpr const char* cron_misses = "cron does not catch up runs that were missed while the machine was off";

std::string or_dash(std::string text) {
  return text.empty() ? "–" : text;
}

// "2026-11-21T03:00:00+0100" as "2026-11-21 03:00:00"; other texts as they are.
std::string for_people(std::string text) {
  if (text.size() == 24 && text[10] == 'T') {
    text[10] = ' ';
    text.resize(19);
  }
  return or_dash(std::move(text));
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

std::string schedule_status(const ScheduleReport& s, std::size_t width) {
  report::Block block;
  block.add("schedule", {s.config});
  block.add("when", {s.when, "by " + s.scheduler});
  if (!s.catches_up) block.add_text("missed", cron_misses);
  block.add("next run", {for_people(s.next_run.value_or(""))});
  if (!s.last_run) {
    block.add("last run", {"none yet"});
  } else {
    const LastRun& last = *s.last_run;
    block.add("last run", {for_people(last.started), last.ended ? format_duration(last.seconds) : ""});
    block.add("outcome", {last.outcome, last.exit_code ? fmt::format("exit code {}{}", *last.exit_code,
                                                                     exit_meaning(*last.exit_code))
                                                       : ""});
    if (!last.message.empty()) block.add_text("message", printable(last.message, LineBreaks::escape));
    block.add("log", {last.log});
  }
  block.add("id", {s.id});
  for (const std::string& warning : s.warnings) block.add_text("caution", warning);
  return block.text(width);
}

std::string schedule_table(const std::vector<ScheduleReport>& schedules, std::size_t width) {
  if (schedules.empty())
    return wrap("no schedules; `runner schedule install CONFIG --at \"daily 03:00\"` makes one", width) +
           "\n";
  std::vector<report::PlaceRow> rows;
  rows.reserve(schedules.size());
  bool by_cron = false;
  for (const ScheduleReport& s : schedules) {
    const LastRun last = s.last_run.value_or(LastRun{"", {}, "never ran", {}, 0, "", "", 0});
    const std::string next = s.installed ? s.next_run.value_or("") : "timer is gone";
    rows.push_back({{last.outcome, last.exit_code ? std::to_string(*last.exit_code) : "–",
                     or_dash(minute_of(last.started)), or_dash(minute_of(next)), s.when, s.scheduler},
                    s.config});
    by_cron = by_cron || !s.catches_up;
  }
  const std::string text = report::place_table(
      {{"OUTCOME", 9}, {"EXIT", 2, true}, {"LAST RUN", 3}, {"NEXT RUN", 5}, {"WHEN", 4}, {"BY", 1}}, "CONFIG",
      rows, width);
  return by_cron ? text + wrap(cron_misses, width) + "\n" : text;
}

}  // namespace runner::cli
