#pragma once
// What schedule list and status print.

#include <string>
#include <vector>

#include "contract/schedule_record.h"
#include "schedule/entry.h"
#include "schedule/host.h"

namespace runner::cli {

ScheduleReport report_of(const runtime::Host& host, const runtime::ScheduleEntry& entry);
// In `width` columns, std::string::npos for any; paths stay whole.
std::string schedule_status(const ScheduleReport& schedule, std::size_t width);
std::string schedule_table(const std::vector<ScheduleReport>& schedules, std::size_t width);

}  // namespace runner::cli
