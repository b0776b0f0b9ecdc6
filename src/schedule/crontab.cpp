#include "schedule/crontab.h"

#include "base/error.h"
#include "base/log.h"

namespace runner::runtime {
namespace {

// For sh, and for cron, which takes an unescaped '%' as the command's end (inside quotes too).
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'')
      result += "'\\''";
    else if (c == '%')
      result += "'\\%'";
    else
      result += c;
  }
  return result + "'";
}

std::string marker(const std::string& id) {
  return " # runner-schedule " + id;
}

bool is_line_of(const std::string& line, const std::string& id) {
  std::string_view text = line;
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text.ends_with(marker(id));
}

}  // namespace

std::string crontab_line(const ScheduleEntry& entry, const When& when, bool low_io) {
  if (!when.cron) throw UsageError("cron knows no systemd calendar expressions", "--at");
  std::string line = fmt::format(
      "{} cd {} && KMP_DUPLICATE_LIB_OK=TRUE exec nice -n {} {}{} schedule start {} --state {}{}\n",
      when.cron->text, quoted(entry.folder.string()), entry.nice, low_io ? "ionice -c 3 " : "",
      quoted(entry.runner.string()), quoted(entry.config.string()), quoted(entry.state.string()),
      marker(entry.id));
  if (line.size() > 998)
    throw UsageError("the paths are too long for a line of a crontab; use a link with a shorter path",
                     entry.config.string());
  return line;
}

bool has_crontab_line(const std::string& crontab, const std::string& id) {
  return edit_crontab(crontab, id, "") != crontab;
}

std::string edit_crontab(const std::string& crontab, const std::string& id, const std::string& line) {
  std::string result;
  bool placed = line.empty();
  for (std::size_t start = 0; start < crontab.size();) {
    const std::size_t newline = crontab.find('\n', start);
    const std::size_t end = newline == std::string::npos ? crontab.size() : newline + 1;
    const std::string old = crontab.substr(start, end - start);
    start = end;
    if (!is_line_of(old, id)) {
      result += old;
    } else if (!placed) {
      result += line;
      placed = true;
    }
  }
  if (placed) return result;
  if (!result.empty() && result.back() != '\n') result += '\n';
  return result + line;
}

}  // namespace runner::runtime
