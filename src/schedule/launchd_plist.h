#pragma once
// The text of a launchd agent. Pure; made from launchd.plist(5), not run on a Mac by the project's tests.

#include <string>

#include "schedule/entry.h"
#include "schedule/when.h"

namespace runner::runtime {

std::string agent_label(const ScheduleEntry& entry);  // "runner.ID"

// launchd has no lists: each combination of restricted values is an entry of StartCalendarInterval. Throws
// UsageError when there would be more than 1,000.
std::string launchd_plist(const ScheduleEntry& entry, const When& when);

}  // namespace runner::runtime
