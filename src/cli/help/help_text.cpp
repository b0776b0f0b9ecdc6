#include "cli/help/help_text.h"

#include <cctype>

#include "base/log.h"
#include "cli/help/wrap.h"

namespace runner::cli {
namespace {

constexpr std::size_t help_column = 26, narrow = 60, indent_when_narrow = 6;

std::size_t column_for(std::size_t width) {
  return width < narrow ? indent_when_narrow : help_column;
}

std::string line_of(const DescribedFlag& flag, std::size_t width) {
  const std::string words = value_words(flag.choices, "", flag.default_value);
  return beside("  " + flag.left(), flag.help + words, column_for(width), width) + "\n";
}

std::string section(const std::string& title, const std::vector<DescribedFlag>& flags, std::size_t width) {
  std::string lines;
  for (const DescribedFlag& flag : flags) lines += line_of(flag, width);
  return lines.empty() ? "" : "\n" + title + ":\n" + lines;
}

std::string flag_sections(const DescribedCommand& command, std::size_t width) {
  std::vector<DescribedFlag> arguments, flags, common;
  for (const DescribedFlag& flag : command.flags)
    (!flag.is_flag() ? arguments : flag.is_common ? common : flags).push_back(flag);
  if (flags.empty() || common.size() == 1) {
    flags.insert(flags.end(), common.begin(), common.end());
    common.clear();
  }
  return section("Arguments", arguments, width) + section("Flags", flags, width) +
         section(common_flags, common, width);
}

std::string command_section(const DescribedCommand& command, std::size_t width) {
  std::string lines;
  for (const DescribedCommand& sub : command.commands)
    lines += beside("  " + sub.last_name(), sub.summary, column_for(width), width) + "\n";
  return lines.empty() ? "" : "\nCommands:\n" + lines;
}

std::string key_section(const DescribedCommand& command, std::size_t width) {
  if (command.keys.empty()) return "";
  std::string text = "\n" + wrap(fmt::format("Keys of the file (job: {}):", command.job), width) + "\n";
  for (const config::KeyWords& key : command.keys) {
    std::string flags;
    for (const std::string& flag : key.flags) flags += (flags.empty() ? "; flag " : ", ") + flag;
    text += "  " + key.key + " " + key.type + (key.required ? "  (required)" : "") + "\n";
    text += wrap(std::string(indent_when_narrow, ' ') + key.help + flags +
                     value_words(key.choices, key.limits, key.default_value),
                 width, indent_when_narrow) +
            "\n";
  }
  return text;
}

// What -h leaves out; "" when that is nothing.
std::string pointer(const DescribedCommand& command) {
  std::string more = command.examples.empty() ? command.about.empty() ? "" : "more" : "examples";
  if (!command.keys.empty()) more += std::string(more.empty() ? "" : " and ") + "every key of the file";
  return more.empty() ? "" : "`" + command.name + " --help` has " + more + ".";
}

// The table of commands writes them without capital and full stop.
std::string sentence(std::string text) {
  if (text.empty()) return text;
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text.ends_with('.') || text.ends_with('?') ? text : text + ".";
}

}  // namespace

std::string value_words(const std::vector<std::string>& choices, const std::string& limits,
                        const std::string& default_value) {
  std::string text;
  if (!choices.empty()) text += fmt::format(" (one of {})", fmt::join(choices, ", "));
  if (!limits.empty()) text += " (" + limits + ")";
  if (!default_value.empty()) text += " [default: " + default_value + "]";
  return text;
}

std::string usage_line(const DescribedCommand& command) {
  std::string text = command.name;
  if (!command.commands.empty()) text += " COMMAND";
  for (const DescribedFlag& flag : command.flags)
    if (!flag.is_flag()) text += " " + flag.left();
  return text + " [FLAGS]";
}

std::string help_text(const DescribedCommand& command, HelpLength length, std::size_t width) {
  const bool full = length == HelpLength::full;
  std::string text = wrap(sentence(command.summary), width) + "\n\n" +
                     wrap("Usage: " + usage_line(command), width, 4) + "\n";
  if (full && !command.about.empty()) text += "\n" + wrap(command.about, width) + "\n";
  if (full && !command.examples.empty()) {
    text += std::string("\n") + (command.examples.find('\n') == std::string::npos ? "Example" : "Examples") +
            ":\n";
    text += wrap_example(command.examples, width) + "\n";
  }
  text += command_section(command, width) + flag_sections(command, width);
  if (full) return text + key_section(command, width);
  const std::string more = pointer(command);
  return more.empty() ? text : text + "\n" + wrap(more, width) + "\n";
}

}  // namespace runner::cli
