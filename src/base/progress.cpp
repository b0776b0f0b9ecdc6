#include "base/progress.h"

#include "base/console.h"
#include "base/log.h"

namespace runner {
namespace {

constexpr auto terminal_interval = std::chrono::milliseconds(100);
constexpr auto line_interval = std::chrono::seconds(15);
constexpr int bar_width = 24;

std::string bar(double share) {
  const int full = static_cast<int>(share * bar_width);
  std::string text(bar_width, '.');
  for (int i = 0; i < full && i < bar_width; ++i) text[static_cast<std::size_t>(i)] = '=';
  if (full < bar_width) text[static_cast<std::size_t>(full < 0 ? 0 : full)] = '>';
  return "[" + text + "]";
}

}  // namespace

Progress::Progress(std::string title, std::int64_t total, std::string unit)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      terminal_(stderr_is_terminal()),
      enabled_(spdlog::should_log(spdlog::level::info)),
      start_(Clock::now()),
      next_(start_ + (terminal_ ? Clock::duration(terminal_interval) : Clock::duration(line_interval))) {}

Progress::~Progress() {
  if (drawn_) tell("\r\033[K");
}

bool Progress::due() const {
  return enabled_ && Clock::now() >= next_;
}

void Progress::update(std::int64_t done, const std::string& note) {
  if (first_ < 0) first_ = done > 0 ? done - 1 : 0;
  if (due()) print(done, note);
}

void Progress::print(std::int64_t done, const std::string& note) {
  const auto now = Clock::now();
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double rate = elapsed > 0 ? static_cast<double>(done - first_) / elapsed : 0;
  const double share = total_ > 0 ? static_cast<double>(done) / static_cast<double>(total_) : 0;
  const std::string left = rate > 0 && total_ > done
                               ? ", " + format_duration(static_cast<double>(total_ - done) / rate) + " left"
                               : "";
  const std::string text =
      fmt::format("{}/{} {} {:.0f}/s{}{}{}", done, total_, unit_, rate, left, note.empty() ? "" : "  ", note);
  if (terminal_) {
    tell(fmt::format("\r\033[K{} {} {}", title_, bar(share), text));
    drawn_ = true;
    next_ = now + terminal_interval;
  } else {
    spdlog::info("{}: {:.0f} % {}", title_, share * 100, text);
    next_ = now + line_interval;
  }
}

std::string format_duration(double seconds) {
  const auto s = static_cast<std::int64_t>(seconds + 0.5);
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
