#include "cli/commands.h"

#include "cli/completion/completion_command.h"
#include "cli/config_command.h"
#include "cli/configs_command.h"
#include "cli/doctor.h"
#include "cli/env_command.h"
#include "cli/exec_command.h"
#include "cli/job_command.h"
#include "cli/json_command.h"
#include "cli/pipeline/pipeline_command.h"
#include "cli/runs_command.h"
#include "cli/schedule_command.h"
#include "jobs/registry.h"

namespace runner::cli {

namespace {

std::vector<Command> table() {
  std::vector<Command> all;
  for (const jobs::JobType& type : jobs::job_types())
    all.push_back({type.name, type.usage, type.brief, job_command, describe_job_command});
  const std::vector<Command> others = {
      {"run", "CONFIG [STEP...]", "whatever the file's `job:` says; the steps of a pipeline", job_command,
       describe_run_command},
      {"plan", "CONFIG", "rows, steps, memory, disk and time, before anything runs", job_command,
       describe_run_command},
      {"doctor", "[--pid N | FILE|DIR ...]", "which OpenMP runtimes would be, or are, loaded", doctor_command,
       describe_doctor_command},
      {"env", "[--shell sh|fish|python]", "the environment that the runner would set, for eval", env_command,
       describe_env_command},
      {"exec", "-- COMMAND...", "any program under the runner's environment and supervisor", exec_command,
       describe_exec_command},
      {"schedule", "install|list|status|remove", "timed runs by systemd, launchd or cron", schedule_command,
       describe_schedule_command},
      {"config", "show|check|schema CONFIG", "resolved configuration, its mistakes, its schema",
       config_command, describe_config_command},
      {"configs", "list|show|copy NAME", "the configurations that ship with the runner", configs_command,
       describe_configs_command},
      {"runs", "list|show|diff|report|verify|clean", "past runs from their manifests", runs_command,
       describe_runs_command},
      {"completion", "bash|zsh|fish", "a script by which a shell completes this program's lines",
       completion_command, describe_completion_command},
      {"json", "FILE|- KEY...", "values of a JSON object, one a line, for shell scripts", json_command,
       describe_json_command},
  };
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> all = table();
  return all;
}

std::vector<DescribedCommand> described_commands() {
  std::vector<DescribedCommand> all;
  for (const Command& command : commands()) {
    all.push_back(command.describe(std::string("runner ") + command.name));
    all.back().summary = command.summary;
  }
  return all;
}

}  // namespace runner::cli
