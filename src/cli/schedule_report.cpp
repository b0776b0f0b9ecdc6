#include "cli/schedule_report.h"

#include "base/json_text.h"
#include "base/log.h"
#include "base/progress.h"
#include "schedule/scheduler.h"

namespace runner::cli {
namespace {

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.is_null() ? "-" : json_text(value);
}

// "2026-11-21T03:00:00+0100" as "2026-11-21 03:00:00"; other texts as they are.
std::string for_people(const Json& value) {
  std::string text = text_of(value);
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

Json schedule_json(const runtime::Host& host, const runtime::ScheduleEntry& entry) {
  const auto last = runtime::load_last_run(entry);
  Json object{{"id", entry.id},
              {"config", entry.config.string()},
              {"when", entry.when},
              {"scheduler", entry.scheduler},
              {"catches_up", runtime::catches_up(entry)},
              {"installed", runtime::is_installed(host, entry)},
              {"next_run", nullptr},
              {"last_run", nullptr},
              {"caution", runtime::caution(host, entry)},
              {"folder", entry.folder.string()},
              {"runner", entry.runner.string()},
              {"timeout", entry.timeout},
              {"state", entry.state.string()}};
  if (object["installed"].get<bool>())
    if (const std::string next = runtime::next_run(host, entry); !next.empty()) object["next_run"] = next;
  if (last) object["last_run"] = to_json(*last);
  return object;
}

std::string schedule_status(const Json& s) {
  std::string text = fmt::format("{}\n", text_of(s["config"]));
  const auto line = [&](const char* name, const std::string& value) {
    text += fmt::format("  {:<10} {}\n", name, value);
  };
  line("when", text_of(s["when"]) + ", by " + text_of(s["scheduler"]));
  if (!s["catches_up"].get<bool>())
    line("missed", "cron does not catch up runs that were missed while the machine was off");
  line("next run", for_people(s["next_run"]));
  if (const Json& last = s["last_run"]; last.is_null()) {
    line("last run", "none yet");
  } else {
    line("last run",
         for_people(last["started"]) +
             (last["ended"].is_null() ? "" : ", " + format_duration(last["seconds"].get<double>())));
    line("outcome", text_of(last["outcome"]));
    if (last["exit_code"].is_number())
      line("exit code", text_of(last["exit_code"]) + exit_meaning(last["exit_code"].get<int>()));
    if (const std::string message = text_of(last["message"]); !message.empty()) line("message", message);
    line("log", text_of(last["log"]));
  }
  line("id", text_of(s["id"]));
  if (const std::string caution = text_of(s["caution"]); !caution.empty()) line("caution", caution);
  return text;
}

std::string schedule_table(const std::vector<Json>& schedules) {
  if (schedules.empty())
    return "no schedules; `runner schedule install CONFIG --at \"daily 03:00\"` makes one\n";
  std::string text = fmt::format("{:<10} {:<5} {:<20} {:<20} {:<18} {:<8} {}\n", "OUTCOME", "EXIT",
                                 "LAST RUN", "NEXT RUN", "WHEN", "BY", "CONFIG");
  bool by_cron = false;
  for (const Json& s : schedules) {
    const Json last = s["last_run"].is_null()
                          ? Json{{"outcome", "never ran"}, {"exit_code", nullptr}, {"started", "-"}}
                          : s["last_run"];
    const std::string next = s["installed"].get<bool>() ? for_people(s["next_run"]) : "timer is gone";
    text += fmt::format("{:<10} {:<5} {:<20} {:<20} {:<18} {:<8} {}\n", text_of(last["outcome"]),
                        text_of(last["exit_code"]), for_people(last["started"]), next, text_of(s["when"]),
                        text_of(s["scheduler"]), text_of(s["config"]));
    by_cron = by_cron || !s["catches_up"].get<bool>();
  }
  if (by_cron) text += "cron does not catch up runs that were missed while the machine was off\n";
  return text;
}

}  // namespace runner::cli
