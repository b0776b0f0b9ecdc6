#include "schedule/when.h"

#include <regex>
#include <sstream>

#include "base/error.h"
#include "base/log.h"

namespace runner::runtime {
namespace {

// "3:05" or "03:05" as the cron fields "5 3"; "" when it is no time of day.
std::string clock_fields(const std::string& text) {
  static const std::regex pattern("([0-9]{1,2}):([0-9]{2})");
  std::smatch parts;
  if (!std::regex_match(text, parts, pattern)) return "";
  const int hour = std::stoi(parts[1]), minute = std::stoi(parts[2]);
  return hour < 24 && minute < 60 ? fmt::format("{} {}", minute, hour) : "";
}

// "Mon", "monday" as cron's number; -1 when it is no day.
int weekday_number(std::string text) {
  static const char* names[] = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (int day = 0; day < 7; ++day)
    if (text == names[day] || text == std::string(names[day]).substr(0, 3)) return day;
  return -1;
}

// The five cron fields that the words stand for; "" when they are none of our forms.
std::string as_cron(const std::vector<std::string>& words) {
  if (words.size() == 1 && words[0] == "hourly") return "0 * * * *";
  if (words.size() == 2 && words[0] == "daily")
    if (const std::string clock = clock_fields(words[1]); !clock.empty()) return clock + " * * *";
  if (words.size() == 3 && words[0] == "weekly") {
    const std::string clock = clock_fields(words[2]);
    const int day = weekday_number(words[1]);
    if (!clock.empty() && day >= 0) return fmt::format("{} * * {}", clock, day);
  }
  if (words.size() == 5) return fmt::format("{}", fmt::join(words, " "));
  return "";
}

}  // namespace

std::string when_grammar(bool calendars) {
  return std::string(
             "hourly, daily HH:MM, weekly DAY HH:MM (DAY: Mon … Sun), five cron fields (minute hour day "
             "month "
             "weekday: '30 3 * * 1-5')") +
         (calendars ? ", or a systemd calendar expression ('Mon..Fri *-*-* 03:30')"
                    : "; systemd calendar expressions only where systemd runs");
}

When parse_when(const std::string& text, bool calendars) {
  const auto refuse = [&](const std::string& why) {
    throw UsageError(fmt::format("{}; WHEN is {}", why, when_grammar(calendars)), "--at");
  };
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  When when{fmt::format("{}", fmt::join(words, " ")), std::nullopt};
  const std::string fields = as_cron(words);
  if (fields.empty()) {
    const bool own_word = !words.empty() && (words[0] == "daily" || words[0] == "weekly");
    if (words.empty() || !calendars || (own_word && words.size() > 1))
      refuse(fmt::format("'{}' is no time to run at", text));
    return when;
  }
  try {
    when.cron = parse_cron(fields);
  } catch (const UsageError& error) {
    refuse(error.what());
  }
  if (!next_match(*when.cron, 0)) refuse(fmt::format("'{}' never comes", text));
  return when;
}

}  // namespace runner::runtime
