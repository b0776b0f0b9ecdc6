#include "cli/help/command_line.h"

#include <charconv>

#include "base/colour.h"
#include "base/error.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/words.h"
#include "cli/help/help_text.h"
#include "cli/help/suggest_flag.h"
#include "cli/help/wrap.h"
#include "config/suggest.h"

namespace runner::cli {
namespace {

const DescribedCommand& chosen(const CLI::App& app, const DescribedCommand& all) {
  for (const CLI::App* sub : app.get_subcommands())
    for (const DescribedCommand& command : all.commands)
      if (command.last_name() == sub->get_name()) return command;
  return all;
}

// Those of the words that stand where a flag would.
std::vector<std::string> flags_among(const std::vector<std::string>& words) {
  std::vector<std::string> flags;
  for (const std::string& word : words)
    if (word.size() > 1 && word.front() == '-') flags.push_back(word.substr(0, word.find('=')));
  return flags;
}

std::string unknown_flags(const std::vector<std::string>& flags, const DescribedCommand& command,
                          const config::Binder* binder) {
  std::string text = flags.size() == 1 ? "unknown flag " : "unknown flags ";
  for (const std::string& flag : flags) {
    const std::string guess = suggest_flag(flag, command, binder);
    text += (&flag == &flags.front() ? "" : ", ") + flag;
    if (!guess.empty()) text += " (did you mean " + guess + "?)";
  }
  return text + "; `" + command.name + " --help` lists them";
}

std::string unknown_command(const std::string& word, const DescribedCommand& command) {
  std::vector<std::string> names;
  for (const DescribedCommand& sub : command.commands) names.push_back(sub.last_name());
  const std::string guess = config::closest(word, names);
  return fmt::format("unknown command {}{}; there are {}", word,
                     guess.empty() ? "" : " (did you mean " + guess + "?)", fmt::join(names, ", "));
}

// A word behind all that are expected.
std::string one_too_many(const std::string& word, const DescribedCommand& command) {
  std::string arguments;
  for (const DescribedFlag& flag : command.flags)
    if (!flag.is_flag()) arguments += (arguments.empty() ? "" : " ") + flag.argument;
  return fmt::format("unexpected '{}': {} takes {}", word, command.name,
                     arguments.empty() ? "flags only" : "no more than " + arguments);
}

std::string colour_word(const std::string& text) {
  if (from_word<ColourMode>(text)) return "";
  return fmt::format("expected {}; got '{}'", fmt::join(words_of(ColourMode{}), ", "), text);
}

}  // namespace

std::string whole_number_from_one(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && value >= 1 ? "" : "expected a whole number, 1 or more; got '" + text + "'";
}

void CommandLine::takes_rest(const std::string& argument, const std::string& help) {
  rest_.argument = argument;
  rest_.help = help;
  rest_.required = true;
}

CommandLine::CommandLine(const std::string& about, const std::string& name) : CLI::App(about, name) {
  set_help_flag("-h", "the flags in short");
  set_help_all_flag("--help", "all there is to say");
  fallthrough();  // what this takes, its subcommands take too
  add_option_function<std::string>(
      "--color", [](const std::string& word) { set_colour_mode(*from_word<ColourMode>(word)); },
      "auto: on a terminal, as NO_COLOR and CLICOLOR_FORCE say; always, never: whatever they say")
      ->type_name("{auto,always,never}")
      ->check(colour_word)
      ->group(common_flags);
}

void CommandLine::has_keys(const std::string& job, const config::Binder& binder) {
  job_ = job;
  binder_ = &binder;
}

DescribedCommand CommandLine::described() const {
  DescribedCommand all = describe(*this, get_name());
  all.job = job_;
  if (rest_.required) all.flags.insert(all.flags.begin(), rest_);
  if (binder_ != nullptr) all.keys = config::key_words(*binder_);
  return all;
}

UsageError CommandLine::unknown_flag(const std::string& flag) const {
  const DescribedCommand command = described();
  return UsageError(unknown_flags(flags_among({flag}), command, binder_), command.last_name());
}

bool CommandLine::read(int argc, char** argv) {
  const std::string name = get_name();
  try {
    parse(argc, argv);
    return true;
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", help_text(chosen(*this, described()), HelpLength::brief, help_width()));
  } catch (const CLI::CallForAllHelp&) {
    fmt::print("{}", help_text(chosen(*this, described()), HelpLength::full, help_width()));
  } catch (const CLI::ParseError& error) {
    const DescribedCommand all = described();
    const DescribedCommand& command = chosen(*this, all);
    const std::string place = command.name.substr(command.name.find(' ') + 1);
    const std::vector<std::string> left = remaining(true), flags = flags_among(left);
    if (!flags.empty()) throw UsageError(unknown_flags(flags, command, binder_), place);
    if (!left.empty() && !command.commands.empty())
      throw UsageError(unknown_command(left[0], command), place);
    if (!left.empty()) throw UsageError(one_too_many(left[0], command), place);
    throw UsageError(std::string(error.what()) + "; see `" + command.name + " --help`", place);
  }
  return false;
}

}  // namespace runner::cli
