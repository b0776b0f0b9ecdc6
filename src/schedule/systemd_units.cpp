#include "schedule/systemd_units.h"

#include "base/log.h"

namespace runner::runtime {
namespace {

constexpr const char* header =
    "# Written by `runner schedule install`; `runner schedule remove CONFIG` takes it away.\n";

// '%' begins a specifier everywhere in a unit (systemd.unit(5)).
std::string plain(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '%' ? std::string("%%") : std::string(1, c);
  return result;
}

// A quoted word; in a command line '$' begins a variable as well (systemd.service(5)).
std::string quoted(const std::string& text, bool command) {
  std::string result = "\"";
  for (const char c : plain(text)) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '$' && command) result += '$';
    result += c;
  }
  return result + "\"";
}

// "0..4,30": runs of values shortened.
std::string value_list(const CronField& field, const char* pattern) {
  if (field.every) return "*";
  std::string text;
  for (std::size_t i = 0; i < field.values.size();) {
    std::size_t last = i;
    while (last + 1 < field.values.size() && field.values[last + 1] == field.values[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += fmt::format(fmt::runtime(pattern), field.values[i]);
    if (last > i)
      text += (last > i + 1 ? ".." : ",") + fmt::format(fmt::runtime(pattern), field.values[last]);
    i = last + 1;
  }
  return text;
}

std::string weekdays(const CronField& field) {
  static const char* names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  std::string text;
  for (const int day : field.values) text += (text.empty() ? "" : ",") + std::string(names[day]);
  return text + " ";
}

}  // namespace

std::string unit_name(const ScheduleEntry& entry) {
  return "runner-" + entry.id;
}

std::vector<std::string> calendar_expressions(const When& when) {
  if (!when.cron) return {when.text};
  const CronExpression& cron = *when.cron;
  const std::string month = value_list(cron.month, "{:02}"), day = value_list(cron.day, "{:02}");
  const std::string clock =
      fmt::format("{}:{}:00", value_list(cron.hour, "{:02}"), value_list(cron.minute, "{:02}"));
  const std::string weekday = cron.weekday.every ? "" : weekdays(cron.weekday);
  if (cron.either_day())
    return {fmt::format("*-{}-{} {}", month, day, clock), fmt::format("{}*-{}-* {}", weekday, month, clock)};
  return {fmt::format("{}*-{}-{} {}", weekday, month, day, clock)};
}

std::string service_unit(const ScheduleEntry& entry) {
  std::string environment;
  for (const auto& [name, value] : entry.environment)
    if (is_plain_line(value)) environment += "Environment=" + quoted(name + "=" + value, false) + "\n";
  const std::string limit = entry.timeout == 0 ? "infinity" : std::to_string(entry.timeout + 120);
  // Two minutes above the runner's own limit, which ends the run in an orderly way: only for a hung watcher.
  // mixed: the watcher passes a request to stop on, once; the training then saves a checkpoint.
  return fmt::format(
      "{}# Output of each run: {}\n[Unit]\nDescription=runner run {}\n\n"
      "[Service]\nType=oneshot\nWorkingDirectory={}\n{}"
      "ExecStart={} schedule start {} --state {}\nTimeoutStartSec={}\n"
      "KillMode=mixed\nTimeoutStopSec=120\nNice={}\nIOSchedulingClass=idle\n",
      header, plain((entry.state / "logs").string()), plain(entry.config.string()),
      plain(entry.folder.string()), environment, quoted(entry.runner.string(), true),
      quoted(entry.config.string(), true), quoted(entry.state.string(), true), limit, entry.nice);
}

std::string timer_unit(const ScheduleEntry& entry, const When& when) {
  std::string calendars;
  for (const std::string& expression : calendar_expressions(when))
    calendars += "OnCalendar=" + expression + "\n";
  return fmt::format(
      "{}[Unit]\nDescription=runner run {} ({})\n\n"
      "[Timer]\n{}Persistent=true\nAccuracySec=1s\nUnit={}.service\n\n[Install]\nWantedBy=timers.target\n",
      header, plain(entry.config.string()), plain(when.text), calendars, unit_name(entry));
}

}  // namespace runner::runtime
