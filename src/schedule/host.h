#pragma once
// What installing touches of the machine, behind functions so that tests can give their own.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace runner::runtime {

struct CommandResult {
  int exit_code = 127;  // 128 + n when killed by signal n; 127: no such program
  std::string out, err;
};

struct Host {
  // Runs a program to its end with `input` as its stdin, in the C locale.
  std::function<CommandResult(const std::vector<std::string>& command, const std::string& input)> run;
  bool systemd_runs = false;          // /run/systemd/system exists
  std::filesystem::path user_units;   // $XDG_CONFIG_HOME/systemd/user
  std::filesystem::path user_agents;  // ~/Library/LaunchAgents
};

CommandResult run_command(const std::vector<std::string>& command, const std::string& input);
Host this_host();  // throws EnvironmentError without HOME

}  // namespace runner::runtime
