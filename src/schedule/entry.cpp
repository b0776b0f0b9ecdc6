#include "schedule/entry.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/json_file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/time.h"

namespace runner::runtime {
namespace fs = std::filesystem;
namespace {

void write_private(const fs::path& path, const std::string& text) {
  AtomicFile file(path);
  ::fchmod(file.fd(), 0600);
  file.write(text);
  file.commit();
}

bool has_control(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

std::string dump(const Json& object) {
  return json_text(object, 2) + "\n";
}

}  // namespace

fs::path schedule_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value == nullptr ? "" : value);
  };
  if (const fs::path xdg = variable("XDG_STATE_HOME"); xdg.is_absolute()) return xdg / "runner" / "schedule";
  if (const fs::path home = variable("HOME"); home.is_absolute())
    return home / ".local" / "state" / "runner" / "schedule";
  throw EnvironmentError("HOME is not set to an absolute path: nowhere to remember schedules", "schedule");
}

std::string schedule_id(const fs::path& config) {
  std::uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : config.string()) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  std::string name = config.stem().string();
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_') c = '_';
  return fmt::format("{}-{:08x}", name.substr(0, 60), hash);
}

bool is_plain_line(const std::string& text) {
  return printable(text, LineBreaks::escape) == text;
}

void check_schedulable(const ScheduleEntry& entry) {
  for (const fs::path& path : {entry.config, entry.folder, entry.runner, entry.state}) {
    const std::string text = path.string();
    // A backslash would join the next line to this one, a blank at the end would be lost.
    if (has_control(text) || text.ends_with("\\") || text.ends_with(" ") ||
        (entry.scheduler != "cron" && !is_plain_line(text)))
      throw UsageError(fmt::format("{} takes no path with a control character (such as a line break), with "
                                   "bytes that are no UTF-8, "
                                   "or with a backslash or a blank at its end; use a link of another name",
                                   entry.scheduler),
                       text);
  }
}

void save_entry(const ScheduleEntry& entry) {
  const Json object{{"id", entry.id},
                    {"scheduler", entry.scheduler},
                    {"when", entry.when},
                    {"config", entry.config.string()},
                    {"runner", entry.runner.string()},
                    {"folder", entry.folder.string()},
                    {"environment", entry.environment},
                    {"timeout", entry.timeout},
                    {"nice", entry.nice}};
  // Before the record, which says that all is there. As they are: `start` hands them to the run.
  if (entry.secrets.empty())
    fs::remove(secrets_file(entry.state));
  else
    write_private(secrets_file(entry.state), json_message(entry.secrets) + "\n");
  write_private(entry.state / "schedule.json", json_text(object, 2, Secrets::kept) + "\n");
}

fs::path secrets_file(const fs::path& state) {
  return state / "secrets.json";
}

namespace {

[[noreturn]] void damaged(const fs::path& file, const std::string& what) {
  throw DataError(what + "; install the schedule again", file.string());
}

std::string required(const Json& object, const char* key, const fs::path& file) {
  const Json& member = member_in(object, key);
  if (!member.is_string()) damaged(file, std::string(key) + " is missing or no text");
  return member.get<std::string>();
}

Json read_record(const fs::path& file) {
  try {
    return read_json_file(file);
  } catch (const DataError& error) {
    throw DataError(std::string(error.what()) + "; install the schedule again", error.place());
  }
}

std::map<std::string, std::string> texts_of(const Json& object, const fs::path& file) {
  if (!object.is_object()) damaged(file, "expected an object of texts");
  std::map<std::string, std::string> texts;
  for (const auto& [name, value] : object.items()) texts[name] = required(object, name.c_str(), file);
  return texts;
}

}  // namespace

ScheduleEntry load_entry(const fs::path& state) {
  const fs::path file = state / "schedule.json";
  const Json object = read_record(file);
  ScheduleEntry entry;
  entry.id = required(object, "id", file);
  entry.scheduler = required(object, "scheduler", file);
  entry.when = required(object, "when", file);
  entry.config = required(object, "config", file);
  entry.runner = required(object, "runner", file);
  entry.folder = required(object, "folder", file);
  entry.environment = texts_of(member_in(object, "environment"), file);
  if (const fs::path secrets = secrets_file(state); fs::exists(secrets))
    entry.secrets = texts_of(read_record(secrets), secrets);
  entry.timeout = static_cast<long>(integer_in(object, "timeout", entry.timeout));
  entry.nice = static_cast<int>(integer_in(object, "nice", entry.nice));
  entry.state = state;
  return entry;
}

std::vector<ScheduleEntry> load_entries() {
  std::vector<ScheduleEntry> entries;
  std::error_code error;
  for (const auto& folder : fs::directory_iterator(schedule_folder(), error)) {
    if (!fs::exists(folder.path() / "schedule.json")) continue;
    try {
      entries.push_back(load_entry(folder.path()));
    } catch (const Error& damage) {
      spdlog::warn("{}", damage.line());
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const ScheduleEntry& a, const ScheduleEntry& b) { return a.config < b.config; });
  return entries;
}

void save_last_run(const ScheduleEntry& entry, const LastRun& run) {
  // Removed while it ran: nothing is to come back.
  if (!fs::exists(entry.state / "schedule.json")) return;
  write_file_atomically(entry.state / "last_run.json", dump(run));
}

std::optional<LastRun> load_last_run(const ScheduleEntry& entry) {
  const fs::path file = entry.state / "last_run.json";
  if (!fs::exists(file)) return std::nullopt;
  LastRun run;
  try {
    run = record_from<LastRun>(read_json_file(file), file.string());
  } catch (const Error& damage) {
    spdlog::debug("{}", damage.line());
  }
  const bool gone = run.pid <= 0 || (::kill(run.pid, 0) != 0 && errno == ESRCH);
  if (run.outcome == "running" && (gone || FileLock::try_lock(entry.state / "lock"))) {
    run.outcome = "lost";
    run.message = "the run was killed together with its watcher, or the machine went down";
  }
  return run;
}

}  // namespace runner::runtime
