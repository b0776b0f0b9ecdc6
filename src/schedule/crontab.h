#pragma once
// A crontab's text with our lines in it. Pure; every other line is kept byte for byte.

#include <string>

#include "schedule/entry.h"
#include "schedule/when.h"

namespace runner::runtime {

// One line with its newline. `low_io`: prefix ionice, where the machine has it. It is silent after a success,
// so cron's mail, where it is set up, tells failures. Throws UsageError for a calendar expression, or a line
// longer than the 998 characters that Debian's cron reads.
std::string crontab_line(const ScheduleEntry& entry, const When& when, bool low_io);

bool has_crontab_line(const std::string& crontab, const std::string& id);
// The crontab with the id's line replaced, appended, or (line "") taken away.
std::string edit_crontab(const std::string& crontab, const std::string& id, const std::string& line);

}  // namespace runner::runtime
