#pragma once
// The text of a systemd user timer and its service. Pure: nothing is written or asked.

#include <string>

#include "schedule/entry.h"
#include "schedule/when.h"

namespace runner::runtime {

std::string unit_name(const ScheduleEntry& entry);  // "runner-ID", without .timer or .service

// The OnCalendar= values of a WHEN: one, or two where cron's "either day matches" needs them.
std::vector<std::string> calendar_expressions(const When& when);

std::string service_unit(const ScheduleEntry& entry);
std::string timer_unit(const ScheduleEntry& entry, const When& when);

}  // namespace runner::runtime
