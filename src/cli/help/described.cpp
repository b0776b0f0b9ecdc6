#include "cli/help/described.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace runner::cli {
namespace {

// "{a,b,c}": the words; empty for another type.
std::vector<std::string> words_in(const std::string& type) {
  std::vector<std::string> words;
  const std::size_t open = type.find('{'), close = type.rfind('}');
  if (open == std::string::npos || close == std::string::npos) return words;
  std::size_t at = open + 1;
  while (at < close) {
    const std::size_t comma = std::min(type.find(',', at), close);
    words.push_back(type.substr(at, comma - at));
    at = comma + 1;
  }
  return words;
}

// CLI11's own words for C++ types, where a declaration has none of ours.
std::string type_word(const std::string& type) {
  if (type.find('{') != std::string::npos) return "WORD";
  std::string name = type.substr(0, type.find(':'));
  if (name == "UINT") return "INT";
  if (name == "FLOAT") return "NUM";
  return name;
}

DescribedFlag describe_option(const CLI::Option& option) {
  DescribedFlag flag;
  if (option.nonpositional()) {
    for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  } else {
    flag.argument = option.get_name(true);
  }
  const std::string type = option.get_type_name();
  const bool takes_no_word = option.get_expected_max() == 0;
  flag.value_is_optional = takes_no_word && !type.empty();
  flag.repeats = !flag.is_flag() && option.get_expected_max() > 1;
  flag.is_common = option.get_group() == common_flags;
  flag.choices = words_in(type);
  flag.type = type_word(type);
  flag.help = option.get_description();
  flag.default_value = option.get_default_str();
  flag.required = option.get_required();
  return flag;
}

// Text behind "Examples:" belongs to the examples, what stands before it does not.
void take_text(const std::string& text, DescribedCommand& command) {
  const std::size_t at = text.rfind("Example", 0) == 0 ? 0 : text.find("\nExample");
  std::string before = text.substr(0, at);
  while (before.ends_with('\n')) before.pop_back();
  if (!before.empty()) command.about += (command.about.empty() ? "" : "\n\n") + before;
  if (at == std::string::npos) return;
  std::string examples = text.substr(text.find(':', at) + 1);
  if (examples.starts_with("\n")) examples.erase(0, 1);
  if (examples.starts_with(" ") && !examples.starts_with("  ")) examples.insert(0, " ");
  command.examples += (command.examples.empty() ? "" : "\n") + examples;
}

// What a command takes for all of its subcommands, in front of their help.
DescribedCommand with_common(DescribedCommand sub, const DescribedCommand& of) {
  for (const DescribedFlag& flag : of.flags)
    if (flag.is_common && !flag.type.empty()) sub.flags.insert(sub.flags.end() - 1, flag);
  return sub;
}

}  // namespace

std::string DescribedFlag::left() const {
  const std::string dots = repeats ? "..." : "";
  if (!is_flag()) return (required ? argument : "[" + argument + "]") + dots;
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  if (type.empty()) return text;
  return text + (value_is_optional ? "[=" + type + "]" : " " + type);
}

DescribedCommand describe(const CLI::App& app, const std::string& name) {
  DescribedCommand command;
  command.name = name;
  take_text(app.get_description(), command);
  take_text(app.get_footer(), command);
  const std::size_t end = std::min(command.about.find("\n\n"), command.about.size());
  command.summary = command.about.substr(0, end);
  command.about = end == command.about.size() ? "" : command.about.substr(end + 2);
  for (const CLI::Option* option : app.get_options())
    if (option != app.get_help_ptr() && option != app.get_help_all_ptr())
      command.flags.push_back(describe_option(*option));
  DescribedFlag help;
  help.names = {"-h", "--help"};
  help.help = "this; --help: all there is to say";
  help.is_common = true;
  command.flags.push_back(help);
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    command.commands.push_back(with_common(describe(*sub, name + " " + sub->get_name()), command));
  return command;
}

}  // namespace runner::cli
