#pragma once
// What schedule list and status print.

#include <string>
#include <vector>

#include "contract/schedule_record.h"
#include "schedule/entry.h"
#include "schedule/host.h"

namespace runner::cli {

ScheduleReport report_of(const runtime::Host& host, const runtime::ScheduleEntry& entry);
std::string schedule_status(const ScheduleReport& schedule);
std::string schedule_table(const std::vector<ScheduleReport>& schedules);

}  // namespace runner::cli
