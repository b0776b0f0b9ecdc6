// runner schedule install|list|status|remove|start
#include "cli/schedule_command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <regex>

#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/secrets.h"
#include "cli/find_config.h"
#include "cli/pipeline/pipeline.h"
#include "cli/resolve_job.h"
#include "cli/schedule_flags.h"
#include "cli/schedule_report.h"
#include "report/block.h"
#include "schedule/scheduler.h"
#include "schedule/start.h"
#include "worker/launch/paths.h"

namespace runner::cli {
namespace {
namespace fs = std::filesystem;
using runtime::ScheduleEntry;

// Wrong configs are refused now, not at three in the morning.
void check_config(const fs::path& config) {
  if (is_pipeline(config)) {
    read_pipeline(config);
    return;
  }
  const jobs::JobType& type = job_named_in(read_config(config), config.string());
  const auto options = type.make();
  config::Binder binder;
  options->declare_all(binder);
  JobCommandLine line;
  line.positional = config.string();
  line.is_config = true;
  resolve_job(type, *options, binder, line, "{timestamp}");
}

// The config's, and those of a pipeline's steps.
std::string all_texts(const fs::path& config) {
  std::string text = read_config(config);
  if (!is_pipeline(config)) return text;
  for (const PipelineStep& step : read_pipeline(config).steps)
    if (!step.config.empty()) text += read_config(find_config(step.config));
  return text;
}

// What a timer's bare environment lacks: where programs and libraries are, the runner's and OpenMP's
// settings, and every variable that the config names as ${VAR}; those that hold secrets apart.
void capture_environment(ScheduleEntry& entry) {
  const auto capture = [&](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr && *value != '\0')
      (names_secret(name) ? entry.secrets : entry.environment)[name] = value;
  };
  for (const char* name :
       {"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "LANG", "TMPDIR",
        "XDG_CACHE_HOME", "XDG_STATE_HOME", "RUNNER_CACHE_DIR", "RUNNER_DEVICE", "RUNNER_LOG",
        "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "KMP_DUPLICATE_LIB_OK"})
    capture(name);
  static const std::regex variable("\\$\\{([A-Za-z_][A-Za-z0-9_]*)\\}");
  const std::string text = all_texts(entry.config);
  for (std::sregex_iterator at(text.begin(), text.end(), variable), end; at != end; ++at) capture((*at)[1]);
  entry.environment.emplace("KMP_DUPLICATE_LIB_OK", "TRUE");
}

fs::path full_path(const fs::path& path) {
  return fs::absolute(path).lexically_normal();
}

// By id, by path, or by short name.
const ScheduleEntry& find_entry(const std::vector<ScheduleEntry>& entries, const std::string& name) {
  std::vector<fs::path> paths = {fs::absolute(name).lexically_normal()};
  try {
    paths.push_back(fs::absolute(find_config(name)).lexically_normal());
  } catch (const UsageError&) {
    // The config may be deleted by now; its schedule can still be looked at and removed.
  }
  for (const ScheduleEntry& entry : entries)
    if (entry.id == name || std::find(paths.begin(), paths.end(), entry.config) != paths.end()) return entry;
  throw UsageError("not scheduled; `runner schedule list` shows what is", name);
}

ScheduleEntry make_entry(const ScheduleFlags& flags, const runtime::Host& host) {
  ScheduleEntry entry;
  entry.config = full_path(find_config(flags.config));
  if (!fs::is_regular_file(entry.config)) throw UsageError("expected a file", entry.config.string());
  entry.folder = full_path(flags.folder.empty() ? fs::current_path() : fs::path(flags.folder));
  if (!fs::is_directory(entry.folder)) throw UsageError("no such folder", "--folder " + flags.folder);
  check_config(entry.config);
  entry.id = runtime::schedule_id(entry.config);
  entry.scheduler = flags.scheduler == "auto" ? runtime::default_scheduler(host) : flags.scheduler;
  if (entry.scheduler == "systemd" && !host.systemd_runs && !flags.dry_run)
    throw EnvironmentError("systemd does not run here (no /run/systemd/system); use --with cron",
                           "--with systemd");
  entry.when = flags.at;
  entry.runner = runtime::program_path();
  entry.state = full_path(runtime::schedule_folder() / entry.id);
  capture_environment(entry);
  entry.timeout = parse_duration(flags.timeout, "--timeout");
  entry.nice = flags.nice;
  runtime::check_schedulable(entry);
  return entry;
}

int show_schedule(const runtime::Host& host, const ScheduleEntry& entry, bool json) {
  const ScheduleReport schedule = report_of(host, entry);
  say("{}",
      json ? json_text(schedule) + "\n" : schedule_status(schedule, report::block_width(STDOUT_FILENO)));
  return 0;
}

// What install would write.
template <class Files>
int show_files(const Files& files, bool json) {
  Json all = Json::array();
  for (const auto& [path, text] : files) {
    all.push_back({{"path", path}, {"text", text}});
    if (!json) say("# {}\n{}\n", path, text);
  }
  if (json) fmt::print("{}\n", json_text(Json{{"files", all}}));
  return 0;
}

// A damaged one is no reason against installing anew.
std::optional<ScheduleEntry> entry_before(const fs::path& state) {
  try {
    return runtime::load_entry(state);
  } catch (const Error&) {
    return std::nullopt;
  }
}

int install(const ScheduleFlags& flags) {
  const runtime::Host host = runtime::this_host();
  ScheduleEntry entry = make_entry(flags, host);
  const runtime::When when = runtime::when_for(host, entry.scheduler, flags.at);
  entry.when = when.text;
  if (flags.dry_run) return show_files(runtime::files_of(host, entry, when), flags.json);
  // The same config under another scheduler would run twice.
  for (const ScheduleEntry& old : runtime::load_entries())
    if (old.id == entry.id && old.scheduler != entry.scheduler) runtime::remove(host, old);
  // The record first: the timer may fire at once and reads it.
  const bool known = fs::exists(entry.state / "schedule.json");
  const std::optional<ScheduleEntry> before = known ? entry_before(entry.state) : std::nullopt;
  runtime::save_entry(entry);
  try {
    runtime::install(host, entry, when);
  } catch (...) {
    if (before)
      runtime::save_entry(*before);
    else if (!known)
      fs::remove_all(entry.state);
    throw;
  }
  for (const auto& [name, value] : entry.secrets)
    spdlog::info("{}: its value is kept in {}, which you alone may read; runs get it from there", name,
                 runtime::secrets_file(entry.state).string());
  return show_schedule(host, entry, flags.json);
}

int list(bool json) {
  const runtime::Host host = runtime::this_host();
  std::vector<ScheduleReport> schedules;
  for (const ScheduleEntry& entry : runtime::load_entries()) schedules.push_back(report_of(host, entry));
  say("{}", json ? json_text(Json{{"schedules", schedules}}) + "\n"
                 : schedule_table(schedules, report::block_width(STDOUT_FILENO)));
  return 0;
}

int remove(const ScheduleFlags& flags) {
  const auto entries = runtime::load_entries();
  const ScheduleEntry& entry = find_entry(entries, flags.config);
  runtime::remove(runtime::this_host(), entry);
  fs::remove_all(entry.state);
  if (flags.json)
    fmt::print("{}\n",
               json_text(Json{{"id", entry.id}, {"config", entry.config.string()}, {"installed", false}}));
  else
    say("removed the schedule of {}\n", entry.config.string());
  return 0;
}

}  // namespace

int schedule_command(int argc, char** argv) {
  ScheduleFlags flags;
  if (!parse_schedule_flags(argc, argv, flags)) return 0;
  if (flags.action == "install") return install(flags);
  if (flags.action == "list") return list(flags.json);
  if (flags.action == "remove") return remove(flags);
  if (!flags.state.empty()) return runtime::start_scheduled(runtime::load_entry(flags.state));
  const auto entries = runtime::load_entries();
  const ScheduleEntry& entry = find_entry(entries, flags.config);
  if (flags.action != "start") return show_schedule(runtime::this_host(), entry, flags.json);
  const int code = runtime::start_scheduled(entry);
  if (flags.json) show_schedule(runtime::this_host(), entry, true);
  return code;
}

}  // namespace runner::cli
