#pragma once
// WHEN of `runner schedule install --at WHEN`.

#include <optional>
#include <string>

#include "schedule/cron_expression.h"

namespace runner::runtime {

struct When {
  std::string text;                    // as given
  std::optional<CronExpression> cron;  // what it means; nothing for a systemd calendar expression
};

// hourly, daily HH:MM, weekly DAY HH:MM or five cron fields; anything else is taken as a systemd calendar
// expression where `calendars` allows it (the caller has systemd check it). Throws UsageError that states the
// grammar.
When parse_when(const std::string& text, bool calendars);

// What --at takes, for messages and help.
std::string when_grammar(bool calendars);

}  // namespace runner::runtime
