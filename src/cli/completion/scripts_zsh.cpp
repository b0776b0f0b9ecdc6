#include "cli/completion/scripts.h"

#include "base/log.h"

namespace runner::cli {
namespace {

constexpr const char* zsh_head = R"sh(#compdef runner
# Completion of runner for zsh, printed by `runner completion zsh`.

_runner_configs() {
  local -a names
  names=(${(f)"$(_call_program configs ${(q)runner_program} configs list --names 2>/dev/null)"})
  compadd -a names
  _files -g '*.yaml'
}

_runner_runs() {
  local -a places
  places=(artifacts/*/manifest.json(N:h) artifacts/*/*/manifest.json(N:h) artifacts/*/*/*/manifest.json(N:h))
  places+=(artifacts/*.manifest.json(N:r:r) artifacts/*/*.manifest.json(N:r:r))
  compadd -a places
  _files
}
)sh";

// In a specification of _arguments or _describe.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string action(const DescribedFlag& flag, const DescribedCommand& command) {
  switch (takes(flag)) {
    case Takes::words:
      return fmt::format("({})", fmt::join(flag.choices, " "));
    case Takes::config:
      return "_runner_configs";
    case Takes::run:
      return "_runner_runs";
    case Takes::file:
      return "_files";
    case Takes::folder:
      return "_files -/";
    case Takes::setting:
      return command.keys.empty() ? " " : "_runner_settings_" + command.last_name();
    default:
      return " ";
  }
}

std::string specifications(const DescribedCommand& command) {
  std::string lines;
  int number = 0;
  for (const DescribedFlag& flag : command.flags) {
    const std::string value =
        ":" + escaped(flag.is_flag() ? flag.type : flag.argument) + ":" + action(flag, command);
    if (!flag.is_flag()) {
      const std::string place = flag.repeats ? "*" : std::to_string(++number) + (flag.required ? "" : ":");
      lines += " \\\n        " + in_single_quotes(place + value);
    }
    for (const std::string& name : flag.names) {
      const std::string often = flag.type == "KEY=VALUE" ? "*" : "";
      const std::string help = "[" + escaped(flag.help) + "]";
      const std::string rest = flag.type.empty()        ? help
                               : flag.value_is_optional ? "=-" + help + ":" + value
                                                        : "=" + help + value;
      lines += " \\\n        " + in_single_quotes(often + name + rest);
    }
  }
  return lines;
}

// Behind --set: keys, and behind a key's equals sign its words.
std::string settings(const DescribedCommand& command) {
  if (command.keys.empty()) return "";
  std::string keys, rows;
  for (const config::KeyWords& key : command.keys) {
    keys += " " + in_single_quotes(key.key + "=");
    const auto words = words_for(key);
    if (!words.empty()) rows += fmt::format("      {}) compadd -- {} ;;\n", key.key, fmt::join(words, " "));
  }
  return fmt::format(
      "\n_runner_settings_{}() {{\n  if [[ $PREFIX == *=* ]]; then\n    local key=${{PREFIX%%=*}}\n    "
      "compset -P "
      "'*='\n    case $key in\n{}    esac\n  else\n    compadd -S '' --{}\n  fi\n}}\n",
      command.last_name(), rows, keys);
}

std::string list_of(const DescribedCommands& commands) {
  std::string words;
  for (const DescribedCommand& command : commands)
    words += " \\\n      " + in_single_quotes(command.last_name() + ":" + escaped(command.summary));
  return words;
}

std::string rows_of(const DescribedCommand& command, const std::string& pad) {
  const std::string end = " ;;\n";
  if (command.commands.empty())
    return pad + command.last_name() + ") _arguments -S" + specifications(command) + end;
  std::string rows = pad + command.last_name() + ")\n" + pad + "  if (( CURRENT == 2 )); then\n" + pad +
                     "    local -a below=(" + list_of(command.commands) + ")\n" + pad +
                     "    _describe command below\n" + pad + "  else\n" + pad +
                     "    shift words; (( CURRENT-- ))\n" + pad + "    case $words[1] in\n";
  for (const DescribedCommand& sub : command.commands) rows += rows_of(sub, pad + "      ");
  return rows + pad + "    esac\n" + pad + "  fi" + end;
}

}  // namespace

std::string zsh_completion(const DescribedCommands& commands) {
  std::string script = zsh_head;
  for (const DescribedCommand& command : commands) script += settings(command);
  script +=
      "\n_runner() {\n  local runner_program=$words[1]\n  if (( CURRENT == 2 )); then\n    local -a "
      "commands=(" +
      list_of(commands) +
      " \\\n      'help:what a command does')\n    _describe command commands\n    return\n  fi\n"
      "  shift words; (( CURRENT-- ))\n  case $words[1] in\n";
  for (const DescribedCommand& command : commands) script += rows_of(command, "    ");
  return script +
         "  esac\n}\n\nif [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n  _runner \"$@\"\nelse\n  "
         "compdef "
         "_runner runner\nfi\n";
}

}  // namespace runner::cli
