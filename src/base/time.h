#pragma once

#include <chrono>
#include <ctime>
#include <string>

namespace runner {

double seconds_since(std::chrono::steady_clock::time_point start);

// Local times. "2026-03-29T03:00:00+0200": for records.
std::string iso_time(std::time_t time);
std::string iso_time();  // now
// Such a record for people: "2026-03-29 03:00"; other texts as they are.
std::string minute_of(const std::string& iso_time);
// "20260329_030000", now: for names.
std::string name_time();

}  // namespace runner
