#include "cli/completion/scripts.h"

#include "base/log.h"

namespace runner::cli {
namespace {

constexpr const char* fish_head = R"sh(# Completion of runner for fish, printed by `runner completion fish`.

# The line so far is runner, these words, and perhaps more.
function __runner_is
    set -l words (commandline -opc)
    set -l last (math 1 + (count $argv))
    test (count $words) -ge $last; and test "$words[2..$last]" = "$argv"
end

# The same, and nothing more.
function __runner_needs
    set -l words (commandline -opc)
    test (count $words) -eq (math 1 + (count $argv)); or return 1
    test (count $argv) -eq 0; or test "$words[2..-1]" = "$argv"
end

function __runner_configs
    set -l words (commandline -opc)
    $words[1] configs list --names 2>/dev/null
    for file in configs/*.yaml
        echo $file
    end
end

function __runner_runs
    for file in artifacts/*/manifest.json artifacts/*/*/manifest.json artifacts/*/*/*/manifest.json
        string replace -r '/manifest.json$' '' -- $file
    end
    for file in artifacts/*.manifest.json artifacts/*/*.manifest.json
        string replace -r '.manifest.json$' '' -- $file
    end
end

complete -c runner -f
complete -c runner -n __runner_needs -a help -d 'what a command does'
complete -c runner -n __runner_needs -s h -l help -d help
complete -c runner -n __runner_needs -s V -l version -d 'the version'
)sh";

std::string in_fish_quotes(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return quoted + "'";
}

std::string fish_values(const DescribedFlag& flag, const DescribedCommand& command) {
  switch (takes(flag)) {
    case Takes::nothing:
      return "";
    case Takes::words:
      return fmt::format(" -x -a '{}'", fmt::join(flag.choices, " "));
    case Takes::config:
      return " -r -F -a '(__runner_configs)'";
    case Takes::run:
      return " -r -F -a '(__runner_runs)'";
    case Takes::file:
      return " -r -F";
    case Takes::folder:
      return " -x -a '(__fish_complete_directories)'";
    case Takes::setting:
      return command.keys.empty() ? " -x" : " -x -a '(__runner_settings_" + command.last_name() + ")'";
    case Takes::text:
      break;
  }
  return " -x";
}

std::string fish_settings(const DescribedCommand& command) {
  if (command.keys.empty()) return "";
  std::string rows, keys;
  for (const config::KeyWords& key : command.keys) {
    keys += fmt::format("            echo {}=\\t{}\n", key.key, in_fish_quotes(key.help));
    const auto words = words_for(key);
    if (!words.empty())
      rows += fmt::format("        case '{0}=*'\n            printf '{0}=%s\\n' {1}\n", key.key,
                          fmt::join(words, " "));
  }
  return fmt::format(
      "\nfunction __runner_settings_{}\n    switch (commandline -ct | string replace -r '^--set=' '')\n{}    "
      "    case "
      "'*=*'\n        case '*'\n{}    end\nend\n",
      command.last_name(), rows, keys);
}

// -l for --long, -s for -s.
std::string fish_name(const std::string& name) {
  return name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
}

std::string fish_flags(const DescribedCommand& command) {
  std::string lines;
  const std::string words = words_behind_runner(command);
  for (const DescribedFlag& flag : command.flags) {
    std::string names;
    for (const std::string& name : flag.names) names += fish_name(name);
    std::string values = fish_values(flag, command);
    if (flag.value_is_optional || !flag.is_flag())
      if (values.starts_with(" -r") || values.starts_with(" -x")) values.erase(0, 3);
    if (!flag.is_flag() && values.empty()) continue;
    lines += fmt::format("complete -c runner -n '__runner_is {}'{}{} -d {}\n", words, names, values,
                         in_fish_quotes(flag.help));
  }
  return lines;
}

std::string fish_commands(const DescribedCommands& commands, const std::string& above) {
  std::string lines;
  for (const DescribedCommand& command : commands)
    lines += fmt::format("complete -c runner -n '__runner_needs{}' -a {} -d {}\n", above, command.last_name(),
                         in_fish_quotes(command.summary));
  return lines;
}

}  // namespace

std::string fish_completion(const DescribedCommands& commands) {
  std::string script = fish_head + fish_commands(commands, "");
  for (const DescribedCommand& command : commands)
    script += fmt::format("complete -c runner -n '__runner_needs help' -a {}\n", command.last_name());
  for (const DescribedCommand& command : commands)
    script += fish_commands(command.commands, " " + command.last_name()) + fish_settings(command);
  for (const DescribedCommand& command : with_flags(commands)) script += fish_flags(command);
  return script;
}

}  // namespace runner::cli
