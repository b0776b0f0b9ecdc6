#include "cli/completion/scripts.h"

#include "base/log.h"

namespace runner::cli {
namespace {

constexpr const char* bash_head = R"sh(# Completion of runner for bash, printed by `runner completion bash`.

_runner_configs() {
  local file
  for file in configs/*.yaml; do [ ! -f "$file" ] || printf '%s\n' "$file"; done
  "$1" configs list --names 2>/dev/null
}

_runner_runs() {
  local file
  for file in artifacts/*/manifest.json artifacts/*/*/manifest.json artifacts/*/*/*/manifest.json; do
    [ ! -f "$file" ] || printf '%s\n' "${file%/manifest.json}"
  done
  for file in artifacts/*.manifest.json artifacts/*/*.manifest.json; do
    [ ! -f "$file" ] || printf '%s\n' "${file%.manifest.json}"
  done
}
)sh";

constexpr const char* bash_tail = R"sh(
# Of the lines on stdin those that begin with $1. They are never expanded: a file may be called anything.
_runner_reply() {
  local line
  while IFS= read -r line; do
    [ -z "$line" ] || [[ $line != "$1"* ]] || COMPREPLY+=("$line")
  done
}

_runner_files() {
  compopt -o filenames 2>/dev/null
  _runner_reply '' < <(compgen "$1" -- "$2")
}

# What a flag or an argument of kind $1 can be, of command $2 of program $3, where $4 stands already.
_runner_complete_value() {
  case $1 in
    words\ *) _runner_reply "$4" < <(tr ' ' '\n' <<<"${1#words }") ;;
    config) _runner_reply "$4" < <(_runner_configs "$3"); _runner_files -f "$4" ;;
    run) _runner_reply "$4" < <(_runner_runs); _runner_files -f "$4" ;;
    file) _runner_files -f "$4" ;;
    folder) _runner_files -d "$4" ;;
    setting)
      if [[ $4 == *=* ]]; then
        _runner_reply "${4#*=}" < <(_runner_key_words "$2" "${4%%=*}")
      else
        compopt -o nospace 2>/dev/null
        _runner_reply "$4" < <(_runner_keys "$2")
      fi
      ;;
  esac
}

_runner() {
  COMPREPLY=()
  # Readline takes "=" for a word of its own; here words end at blanks alone.
  local line=${COMP_LINE:0:COMP_POINT} words count current before command below kind
  read -ra words <<<"$line"
  [[ $line != *' ' ]] || words+=('')
  count=${#words[@]} current=${words[count - 1]} before=${words[count - 2]} command=${words[1]}
  if [ "$count" -le 2 ]; then
    _runner_reply "$current" < <(_runner_commands ''; printf '%s\n' help -h --help -V --version)
    return
  fi
  if [ "$command" = help ]; then
    _runner_reply "$current" < <(_runner_commands '')
    return
  fi
  below=$(_runner_commands "$command")
  if [ -n "$below" ]; then
    if [ "$count" = 3 ]; then
      _runner_reply "$current" <<<"$below"
      return
    fi
    command="$command ${words[2]}"
  fi
  case $current in
    --*=*)
      kind=$(_runner_value "$command" "${current%%=*}")
      _runner_complete_value "${kind#=}" "$command" "${words[0]}" "${current#*=}"
      return
      ;;
    -*)
      _runner_reply "$current" < <(_runner_flags "$command")
      return
      ;;
  esac
  kind=
  case $before in -*) kind=$(_runner_value "$command" "$before") ;; esac
  case $kind in '' | =*) kind=$(_runner_value "$command" '') ;; esac
  _runner_complete_value "$kind" "$command" "${words[0]}" "$current"
}

complete -F _runner runner
)sh";

std::string kind_word(const DescribedFlag& flag) {
  switch (takes(flag)) {
    case Takes::nothing:
      return "";
    case Takes::words:
      return fmt::format("words {}", fmt::join(flag.choices, " "));
    case Takes::config:
      return "config";
    case Takes::run:
      return "run";
    case Takes::file:
      return "file";
    case Takes::folder:
      return "folder";
    case Takes::setting:
      return "setting";
    case Takes::text:
      break;
  }
  return "text";
}

// "  'train') printf '%s\n' …;;": a line of a case statement that prints words, one a line.
std::string row(const std::string& pattern, const std::vector<std::string>& words) {
  if (words.empty()) return "";
  std::string quoted;
  for (const std::string& word : words) quoted += " " + in_single_quotes(word);
  return "    " + in_single_quotes(pattern) + ") printf '%s\\n'" + quoted + " ;;\n";
}

std::string function(const std::string& name, const std::string& subject, const std::string& rows) {
  return "\n" + name + "() {\n  case \"" + subject + "\" in\n" + rows + "  esac\n}\n";
}

std::vector<std::string> names_of(const DescribedCommands& commands) {
  std::vector<std::string> names;
  for (const DescribedCommand& command : commands) names.push_back(command.last_name());
  return names;
}

}  // namespace

std::string bash_completion(const DescribedCommands& commands) {
  std::string below = row("", names_of(commands)), flags, values, keys, key_words;
  for (const DescribedCommand& command : commands)
    below += row(command.last_name(), names_of(command.commands));
  for (const DescribedCommand& command : with_flags(commands)) {
    const std::string words = words_behind_runner(command);
    std::vector<std::string> names, own_keys;
    bool has_argument = false;  // the first one stands for all
    for (const DescribedFlag& flag : command.flags) {
      names.insert(names.end(), flag.names.begin(), flag.names.end());
      const std::string kind = kind_word(flag);
      if (kind.empty() || (kind == "text" && !flag.is_flag())) continue;
      const std::string word = (flag.value_is_optional ? "=" : "") + kind;
      if (!flag.is_flag() && !has_argument) values += row(words + " ", {word});
      has_argument = has_argument || !flag.is_flag();
      for (const std::string& name : flag.names) values += row(words + " " + name, {word});
    }
    for (const config::KeyWords& key : command.keys) {
      own_keys.push_back(key.key + "=");
      key_words += row(words + " " + key.key, words_for(key));
    }
    flags += row(words, names);
    keys += row(words, own_keys);
  }
  return bash_head + function("_runner_commands", "$1", below) + function("_runner_flags", "$1", flags) +
         "\n# What stands behind a flag; '=' in front: only behind an equals sign. No flag: an argument." +
         function("_runner_value", "$1 $2", values) + function("_runner_keys", "$1", keys) +
         function("_runner_key_words", "$1 $2", key_words) + bash_tail;
}

}  // namespace runner::cli
