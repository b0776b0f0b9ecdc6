#include "base/progress.h"

#include <unistd.h>

#include "base/live_line.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/terminal.h"
#include "base/time.h"

namespace runner {
namespace {

constexpr auto terminal_interval = std::chrono::milliseconds(100);
constexpr auto line_interval = std::chrono::seconds(15);

}  // namespace

Progress::Progress(std::string title, std::int64_t total, std::string unit)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      terminal_(is_live_terminal(STDERR_FILENO)),
      enabled_(spdlog::should_log(spdlog::level::info)),
      start_(Clock::now()),
      next_(start_ + (terminal_ ? Clock::duration(terminal_interval) : Clock::duration(line_interval))) {}

Progress::~Progress() {
  live_line::end();
}

double Progress::now() const {
  return seconds_since(start_);
}

bool Progress::due() const {
  return enabled_ && Clock::now() >= next_;
}

void Progress::update(std::int64_t done, const std::vector<std::string>& notes) {
  if (paused_at_ >= 0) rate_.skip(now() - paused_at_);
  paused_at_ = -1;
  rate_.add(now(), done);
  if (due()) print(done, notes);
}

void Progress::pause(const std::string& title) {
  paused_at_ = now();
  if (enabled_ && terminal_) live_line::draw({{printable(title, LineBreaks::escape)}});
}

std::string Progress::time_left(std::int64_t done) const {
  const auto rate = rate_.per_second();
  if (!rate || *rate <= 0 || total_ <= done) return "";
  return format_duration(static_cast<double>(total_ - done) / *rate + other_s_) + " left";
}

void Progress::print(std::int64_t done, const std::vector<std::string>& notes) {
  const double share = total_ > 0 ? static_cast<double>(done) / static_cast<double>(total_) : 0;
  const std::string count = fmt::format("{}/{} {}", done, total_, unit_), left = time_left(done);
  const std::string rate = rate_.per_second() ? fmt::format("{:.0f}/s", *rate_.per_second()) : "";
  if (terminal_) {
    std::vector<LinePart> parts{{printable(title_, LineBreaks::escape), 100},
                                {"", 4, share},
                                {fmt::format("{:.0f} %", share * 100), 99},
                                {count, 6}};
    if (!rate.empty()) parts.push_back({rate, 5});
    if (!left.empty()) parts.push_back({left, 98});
    for (std::size_t i = 0; i < notes.size(); ++i)
      parts.push_back({notes[i], i == 0 ? 7 : 3 - static_cast<int>(i)});
    live_line::draw(std::move(parts));
    next_ = Clock::now() + terminal_interval;
    return;
  }
  std::string text = fmt::format("{}: {:.0f} %  {}", title_, share * 100, count);
  for (const std::string& part : {rate, left})
    if (!part.empty()) text += "  " + part;
  for (const std::string& note : notes) text += "  " + note;
  spdlog::info("{}", text);
  next_ = Clock::now() + line_interval;
}

std::string format_duration(double seconds) {
  const auto s = static_cast<std::int64_t>(std::llround(seconds));
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  if (s >= 60) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{} s", s);
}

std::string format_bytes(double bytes) {
  static constexpr const char* units[] = {"B", "KB", "MB", "GB", "TB"};
  int unit = 0;
  while (bytes >= 1000 && unit < 4) {
    bytes /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", bytes, unit == 0 || bytes >= 100 ? 0 : 1, units[unit]);
}

}  // namespace runner
