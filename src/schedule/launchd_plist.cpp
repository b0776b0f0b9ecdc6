#include "schedule/launchd_plist.h"

#include "base/error.h"
#include "base/log.h"

namespace runner::runtime {
namespace {

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else
      result += c;
  }
  return result;
}

std::string string_entry(const std::string& text) {
  return "<string>" + escaped(text) + "</string>";
}

using Interval = std::string;  // "<key>Minute</key><integer>5</integer>…"

// Every interval so far, with each value of the field.
void combine(std::vector<Interval>& intervals, const CronField& field, const char* key) {
  if (field.every) return;
  std::vector<Interval> result;
  for (const Interval& interval : intervals)
    for (const int value : field.values)
      result.push_back(interval + fmt::format("<key>{}</key><integer>{}</integer>", key, value));
  if (result.size() > 1000)
    throw UsageError("launchd would need more than 1,000 intervals for this; use steps or fewer values",
                     "--at");
  intervals = std::move(result);
}

std::vector<Interval> intervals_of(const CronExpression& cron, bool by_date, bool by_weekday) {
  std::vector<Interval> intervals = {""};
  combine(intervals, cron.minute, "Minute");
  combine(intervals, cron.hour, "Hour");
  combine(intervals, cron.month, "Month");
  if (by_date) combine(intervals, cron.day, "Day");
  if (by_weekday) combine(intervals, cron.weekday, "Weekday");
  return intervals;
}

std::string calendar_intervals(const CronExpression& cron) {
  std::vector<Interval> intervals = intervals_of(cron, true, !cron.either_day());
  if (cron.either_day())
    for (Interval& more : intervals_of(cron, false, true)) intervals.push_back(std::move(more));
  std::string text;
  for (const Interval& interval : intervals) text += "    <dict>" + interval + "</dict>\n";
  return text;
}

}  // namespace

std::string agent_label(const ScheduleEntry& entry) {
  return "runner." + entry.id;
}

std::string launchd_plist(const ScheduleEntry& entry, const When& when) {
  if (!when.cron) throw UsageError("launchd knows no systemd calendar expressions", "--at");
  std::string environment, arguments;
  for (const auto& [name, value] : entry.environment)
    if (is_plain_line(value))
      environment += "    <key>" + escaped(name) + "</key>" + string_entry(value) + "\n";
  for (const std::string& word : {entry.runner.string(), std::string("schedule"), std::string("start"),
                                  entry.config.string(), std::string("--state"), entry.state.string()})
    arguments += "    " + string_entry(word) + "\n";
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
      "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
      "<plist version=\"1.0\">\n<dict>\n"
      "  <key>Label</key>{}\n"
      "  <key>ProgramArguments</key>\n  <array>\n{}  </array>\n"
      "  <key>WorkingDirectory</key>{}\n"
      "  <key>EnvironmentVariables</key>\n  <dict>\n{}  </dict>\n"
      "  <key>StartCalendarInterval</key>\n  <array>\n{}  </array>\n"
      "  <key>StandardOutPath</key>{}\n  <key>StandardErrorPath</key>{}\n"
      "  <key>Nice</key><integer>{}</integer>\n  <key>LowPriorityIO</key><true/>\n"
      "  <key>ExitTimeOut</key><integer>120</integer>\n"
      "</dict>\n</plist>\n",
      string_entry(agent_label(entry)), arguments, string_entry(entry.folder.string()), environment,
      calendar_intervals(*when.cron), string_entry((entry.state / "launchd.log").string()),
      string_entry((entry.state / "launchd.log").string()), entry.nice);
}

}  // namespace runner::runtime
