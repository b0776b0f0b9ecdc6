#include "cli/completion/scripts.h"

#include <algorithm>

namespace runner::cli {

Takes takes(const DescribedFlag& flag) {
  const auto& names = flag.names;
  if (flag.argument == "CONFIG" || std::find(names.begin(), names.end(), "--config") != names.end())
    return Takes::config;
  if (flag.is_flag() && flag.type.empty()) return Takes::nothing;
  if (!flag.choices.empty()) return Takes::words;
  if (flag.type == "RUN") return Takes::run;
  if (flag.type == "DIR") return Takes::folder;
  if (flag.type == "KEY=VALUE") return Takes::setting;
  const bool names_file = flag.type == "FILE" || flag.type == "PATH" || flag.argument == "FILE|DIR" ||
                          flag.argument == "INDEX" || flag.argument == "MODEL";
  return names_file ? Takes::file : Takes::text;
}

std::vector<std::string> words_for(const config::KeyWords& key) {
  if (key.type == "BOOL") return {"true", "false"};
  return key.choices;
}

DescribedCommands with_flags(const DescribedCommands& commands) {
  DescribedCommands all;
  for (const DescribedCommand& command : commands) {
    if (command.commands.empty()) all.push_back(command);
    const DescribedCommands below = with_flags(command.commands);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

std::string words_behind_runner(const DescribedCommand& command) {
  return command.name.substr(command.name.find(' ') + 1);
}

std::string in_single_quotes(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

}  // namespace runner::cli
