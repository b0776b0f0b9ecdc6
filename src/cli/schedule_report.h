#pragma once
// What schedule list and status print.

#include <string>
#include <vector>

#include "base/json.h"
#include "schedule/entry.h"
#include "schedule/host.h"

namespace runner::cli {

Json schedule_json(const runtime::Host& host, const runtime::ScheduleEntry& entry);
// From schedule_json's objects.
std::string schedule_status(const Json& schedule);
std::string schedule_table(const std::vector<Json>& schedules);

}  // namespace runner::cli
