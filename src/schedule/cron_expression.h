#pragma once
// A five-field cron expression: minute, hour, day of month, month, day of week.

#include <array>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

namespace runner::runtime {

struct CronField {
  std::vector<int> values;  // ascending, without repeats
  bool every = false;       // all values of the field
  bool starred = false;  // its text begins with '*': cron then does not count it as a restriction of the day
};

struct CronExpression {
  std::string text;        // the five fields as given, one space between them
  CronField minute, hour;  // 0-59, 0-23
  CronField day, month;    // 1-31, 1-12 or jan-dec
  CronField weekday;       // 0-6, Sunday is 0; 7 and sun-sat are read as well

  // Both days restricted: cron runs when either matches, not both (crontab(5)).
  bool either_day() const { return !day.starred && !weekday.starred; }
};

// Numbers, names, lists, ranges and steps as crontab(5) has them. Throws UsageError naming the field.
CronExpression parse_cron(const std::string& text);

// The first whole minute after `now` that matches, in local time; nothing when none comes within nine years
// (February 29th may be eight years away).
std::optional<std::time_t> next_match(const CronExpression& cron, std::time_t now);

}  // namespace runner::runtime
