#include "runtime/schedule/entry.h"

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
#include "base/log.h"

namespace runner::runtime {
namespace fs = std::filesystem;
namespace {

void write_private(const fs::path& path, const std::string& text) {
  AtomicFile file(path);
  ::fchmod(file.fd(), 0600);
  file.write(text);
  file.commit();
}

Json parse_file(const fs::path& path) {
  Json contents = Json::parse(read_file(path), nullptr, false);
  if (!contents.is_object()) throw DataError("not a JSON object; install the schedule again", path.string());
  return contents;
}

std::string dump(const Json& object) {
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
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
  write_private(entry.state / "schedule.json", dump(object));
}

ScheduleEntry load_entry(const fs::path& state) {
  const fs::path file = state / "schedule.json";
  const Json object = parse_file(file);
  ScheduleEntry entry;
  try {
    entry.id = object.at("id");
    entry.scheduler = object.at("scheduler");
    entry.when = object.at("when");
    entry.config = object.at("config").get<std::string>();
    entry.runner = object.at("runner").get<std::string>();
    entry.folder = object.at("folder").get<std::string>();
    entry.environment = object.at("environment").get<std::map<std::string, std::string>>();
    entry.timeout = object.at("timeout");
    entry.nice = object.at("nice");
  } catch (const Json::exception& error) {
    throw DataError(std::string("damaged (") + error.what() + "); install the schedule again", file.string());
  }
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
  Json object = to_json(run);
  object["pid"] = run.pid;
  write_file_atomically(entry.state / "last_run.json", dump(object));
}

std::optional<LastRun> load_last_run(const ScheduleEntry& entry) {
  const fs::path file = entry.state / "last_run.json";
  if (!fs::exists(file)) return std::nullopt;
  const Json object = parse_file(file);
  LastRun run;
  run.started = object.value("started", "");
  run.ended = object.at("ended").is_string() ? object.at("ended").get<std::string>() : "";
  run.outcome = object.value("outcome", "");
  run.exit_code = object.at("exit_code").is_number() ? object.at("exit_code").get<int>() : -1;
  run.seconds = object.value("seconds", 0.0);
  run.log = object.value("log", "");
  run.message = object.value("message", "");
  run.pid = object.value("pid", 0);
  const bool gone = run.pid <= 0 || (::kill(run.pid, 0) != 0 && errno == ESRCH);
  if (run.outcome == "running" && (gone || FileLock::try_lock(entry.state / "lock"))) {
    run.outcome = "lost";
    run.message = "the run was killed together with its watcher, or the machine went down";
  }
  return run;
}

Json to_json(const LastRun& run) {
  Json object{{"started", run.started}, {"ended", nullptr}, {"outcome", run.outcome}, {"exit_code", nullptr}};
  if (!run.ended.empty()) object["ended"] = run.ended;
  if (run.exit_code >= 0) object["exit_code"] = run.exit_code;
  object["seconds"] = run.seconds;
  object["log"] = run.log;
  object["message"] = run.message;
  return object;
}

std::string iso_time(std::time_t time) {
  std::tm local{};
  ::localtime_r(&time, &local);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", &local);
  return text;
}

}  // namespace runner::runtime
