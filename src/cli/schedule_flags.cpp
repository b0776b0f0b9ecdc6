#include "cli/schedule_flags.h"

#include <regex>

#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/help/command_line.h"
#include "schedule/when.h"

namespace runner::cli {
namespace {

constexpr const char* description =
    "Timed runs by what the machine has: a systemd user timer, a launchd agent or a line of the crontab.\n"
    "No program of the runner's own stays in memory.\n\n"
    "Examples:\n"
    "  runner schedule install configs/index_flat_ip.yaml --at \"daily 03:00\"\n"
    "  runner schedule install configs/p6b_v23.yaml --at \"weekly Sat 22:00\" --timeout 30h\n"
    "  runner schedule install configs/index_ivf.yaml --at \"*/30 8-18 * * 1-5\" --dry-run\n"
    "  runner schedule list\n"
    "  runner schedule status configs/index_flat_ip.yaml --json\n"
    "  runner schedule start configs/index_flat_ip.yaml\n"
    "  runner schedule remove configs/index_flat_ip.yaml";

void add_config(CLI::App* app, ScheduleFlags& flags) {
  app->add_option("CONFIG", flags.config, "the YAML file, its short name, or the schedule's id")->required();
}

void add_install(CLI::App* app, ScheduleFlags& flags) {
  add_config(app, flags);
  app->add_option("--at", flags.at, runtime::when_grammar(true))->type_name("WHEN")->required();
  app->add_option("--with", flags.scheduler,
                  "systemd, launchd or cron; auto: systemd where it runs, launchd on macOS, else cron")
      ->check(CLI::IsMember({"auto", "systemd", "launchd", "cron"}))
      ->capture_default_str();
  app->add_option("--folder", flags.folder,
                  "where it runs, which the config's relative paths start from (default: this folder)")
      ->type_name("DIR");
  app->add_option("--timeout", flags.timeout, "longest run: 90s, 30m, 6h, 2d; 0 for no limit")
      ->type_name("TIME")
      ->capture_default_str();
  app->add_option("--nice", flags.nice, "added to the niceness; disk access is at idle priority")
      ->check(CLI::Range(0, 19))
      ->capture_default_str();
  app->add_flag("--dry-run", flags.dry_run, "print what would be installed, and install nothing");
  app->footer("Example: runner schedule install configs/index_flat_ip.yaml --at \"daily 03:00\"");
}

void declare(CommandLine& app, ScheduleFlags& flags) {
  app.require_subcommand(1);
  add_install(app.add_subcommand("install", "run a config by the clock; again: change its times"), flags);
  CLI::App* list = app.add_subcommand("list", "every schedule with its last and next run");
  CLI::App* status =
      app.add_subcommand("status", "one schedule: last run, outcome, exit code, log, next run");
  add_config(status, flags);
  CLI::App* remove = app.add_subcommand("remove", "take a schedule away, with its records and logs");
  add_config(remove, flags);
  CLI::App* start =
      app.add_subcommand("start", "run now, exactly as the timer would; what every timer calls");
  add_config(start, flags);
  start->add_option("--state", flags.state, "the schedule's folder, as timers give it")->type_name("DIR");
  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; }))
    sub->add_flag("--json", flags.json, "machine-readable result");
  list->footer("Example: runner schedule list --json");
}

}  // namespace

DescribedCommand describe_schedule_command(const std::string& name) {
  CommandLine app(description, name);
  ScheduleFlags flags;
  declare(app, flags);
  return app.described();
}

bool parse_schedule_flags(int argc, char** argv, ScheduleFlags& flags) {
  CommandLine app(description, "runner schedule");
  declare(app, flags);
  if (!app.read(argc, argv)) return false;
  flags.action = app.get_subcommands()[0]->get_name();
  return true;
}

long parse_duration(const std::string& text, const std::string& place) {
  static const std::regex pattern("([0-9]{1,7})([smhd]?)");
  std::smatch parts;
  if (!std::regex_match(text, parts, pattern))
    throw UsageError("'" + text + "': expected a duration such as 90s, 30m, 6h or 2d", place);
  const std::string unit = parts[2];
  const long factor = unit == "m" ? 60 : unit == "h" ? 3600 : unit == "d" ? 86400 : 1;
  return std::stol(parts[1]) * factor;
}

}  // namespace runner::cli
