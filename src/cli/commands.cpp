#include "cli/command.h"

#include "cli/completion/completion_command.h"
#include "cli/configs_command.h"

namespace runner::cli {

const std::vector<Command>& commands() {
  static const std::vector<Command> table = {
      {"train", "CONFIG [flags]", "train a model", job_command, describe_job_command},
      {"index", "CONFIG [flags]", "build, verify and publish a FAISS index", job_command,
       describe_job_command},
      {"sequences", "CONFIG [flags]", "cut embedding vectors into training windows", job_command,
       describe_job_command},
      {"eval", "CONFIG [flags]", "the five causal alignment tests (5CAT); exit 5 when a gate fails",
       job_command, describe_job_command},
      {"predict", "MODEL --npz F", "what comes next, by a trained model; with --index its nearest rows",
       job_command, describe_job_command},
      {"search", "INDEX --queries F", "exact nearest neighbours, as npz, tsv or jsonl", job_command,
       describe_job_command},
      {"smoke", "[--steps 5]", "FAISS and libtorch in one go: does this machine work?", job_command,
       describe_job_command},
      {"run", "CONFIG", "whatever the file's `job:` says", job_command, describe_job_command},
      {"plan", "CONFIG", "rows, steps, memory, disk and time, before anything runs", job_command,
       describe_job_command},
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
      {"runs", "list|show|diff|verify|clean", "past runs from their manifests", runs_command,
       describe_runs_command},
      {"completion", "bash|zsh|fish", "a script by which a shell completes this program's lines",
       completion_command, describe_completion_command},
  };
  return table;
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
