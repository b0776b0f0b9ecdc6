#include "schedule/cron_expression.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/log.h"

namespace runner::runtime {
namespace {

struct FieldRule {
  const char* name;
  int lowest, highest;
  const char* names;  // "jan feb …", the first of them meaning `lowest`; "" when the field has none
};

constexpr FieldRule rules[5] = {{"minute", 0, 59, ""},
                                {"hour", 0, 23, ""},
                                {"day of month", 1, 31, ""},
                                {"month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"},
                                {"day of week", 0, 7, "sun mon tue wed thu fri sat"}};

[[noreturn]] void refuse(const FieldRule& rule, const std::string& text, const std::string& expected) {
  throw UsageError(fmt::format("{} '{}': expected {}", rule.name, text, expected), "--at");
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  if (!text.empty() && text.back() == separator) parts.emplace_back();
  return parts;
}

// -1 when it is no number of at most four digits.
int plain_number(const std::string& text) {
  const bool digits = !text.empty() && text.size() <= 4 &&
                      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
  return digits ? std::stoi(text) : -1;
}

int value_of(const FieldRule& rule, const std::string& text) {
  std::string lower = text;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  int value = rule.lowest;
  for (const std::string& name : split(rule.names, ' ')) {
    if (name == lower) return value;
    ++value;
  }
  const int number = plain_number(text);
  if (number < rule.lowest || number > rule.highest)
    refuse(rule, text,
           fmt::format("{} to {}{}", rule.lowest, rule.highest,
                       *rule.names == '\0' ? "" : fmt::format(" or one of {}", rule.names)));
  return number;
}

// One element of a list: *, 5, 1-5, */10, 1-30/5.
void add_element(const FieldRule& rule, const std::string& text, std::set<int>& values) {
  const std::size_t slash = text.find('/');
  const std::string range = text.substr(0, slash);
  int step = 1;
  if (slash != std::string::npos) {
    step = plain_number(text.substr(slash + 1));
    if (step < 1) refuse(rule, text, "a step of 1 or more behind the slash");
  }
  int first, last;
  if (const std::size_t dash = range.find('-'); range == "*") {
    first = rule.lowest;
    last = std::string(rule.name) == "day of week" ? 6 : rule.highest;
  } else if (dash != std::string::npos) {
    first = value_of(rule, range.substr(0, dash));
    last = value_of(rule, range.substr(dash + 1));
    if (first > last) refuse(rule, text, "a range that rises (22-2 is written 22-23,0-2)");
  } else {
    first = last = value_of(rule, range);
    if (slash != std::string::npos)
      refuse(rule, text, fmt::format("a range before the slash ({}-{}/{})", first, rule.highest, step));
  }
  for (int value = first; value <= last; value += step) values.insert(value);
}

CronField parse_field(const FieldRule& rule, const std::string& text) {
  std::set<int> values;
  for (const std::string& element : split(text, ',')) add_element(rule, element, values);
  const bool weekday = rule.highest == 7;
  if (weekday && values.erase(7) != 0) values.insert(0);
  CronField field;
  field.values.assign(values.begin(), values.end());
  const int all = weekday ? 7 : rule.highest - rule.lowest + 1;
  field.every = static_cast<int>(values.size()) == all;
  field.starred = text.front() == '*';
  return field;
}

bool has(const CronField& field, int value) {
  return std::binary_search(field.values.begin(), field.values.end(), value);
}

bool day_matches(const CronExpression& cron, const std::tm& day) {
  if (!has(cron.month, day.tm_mon + 1)) return false;
  const bool by_date = has(cron.day, day.tm_mday), by_weekday = has(cron.weekday, day.tm_wday);
  return cron.either_day() ? by_date || by_weekday : by_date && by_weekday;
}

// The moments of a day at which its clock shows this time: two in the hour that a change of the clock
// repeats, the earlier one first; in the hour that it skips, what the system makes of it.
std::vector<std::time_t> moments(const std::tm& day, int hour, int minute) {
  std::vector<std::time_t> found;
  for (const int summer : {1, 0, -1}) {
    std::tm at = day;
    at.tm_hour = hour;
    at.tm_min = minute;
    at.tm_sec = 0;
    at.tm_isdst = summer;
    const std::time_t time = std::mktime(&at);
    const bool as_asked = at.tm_isdst == summer && at.tm_hour == hour && at.tm_min == minute;
    if (as_asked || (summer < 0 && found.empty())) found.push_back(time);
  }
  return found;
}

// Nothing when none of the day's comes after `now`.
std::optional<std::time_t> next_of_day(const CronExpression& cron, const std::tm& day, std::time_t now) {
  // In a repeated hour, cron runs what has a wildcard twice, and a fixed time once.
  const bool twice = cron.hour.starred || cron.minute.starred;
  std::optional<std::time_t> next;
  for (const int hour : cron.hour.values)
    for (const int minute : cron.minute.values) {
      std::vector<std::time_t> times = moments(day, hour, minute);
      if (!twice) times.resize(1);
      for (const std::time_t time : times)
        if (time > now && (!next || time < *next)) next = time;
    }
  return next;
}

}  // namespace

CronExpression parse_cron(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> fields;
  for (std::string field; in >> field;) fields.push_back(field);
  if (fields.size() != 5)
    throw UsageError(fmt::format("'{}' has {} fields, a cron expression has 5", text, fields.size()), "--at");
  CronExpression cron;
  cron.text = fmt::format("{}", fmt::join(fields, " "));
  CronField* targets[5] = {&cron.minute, &cron.hour, &cron.day, &cron.month, &cron.weekday};
  for (int i = 0; i < 5; ++i) *targets[i] = parse_field(rules[i], fields[static_cast<std::size_t>(i)]);
  return cron;
}

std::optional<std::time_t> next_match(const CronExpression& cron, std::time_t now) {
  constexpr int days = 9 * 366;
  std::tm today{};
  ::localtime_r(&now, &today);
  for (int ahead = 0; ahead < days; ++ahead) {
    std::tm day = today;
    day.tm_mday += ahead;
    day.tm_hour = 12;  // noon exists on every day, whatever the clock does at night
    day.tm_isdst = -1;
    std::mktime(&day);
    if (!day_matches(cron, day)) continue;
    if (const auto next = next_of_day(cron, day, now)) return next;
  }
  return std::nullopt;
}

}  // namespace runner::runtime
