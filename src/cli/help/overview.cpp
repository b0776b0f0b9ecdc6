#include "cli/help/overview.h"

#include "base/log.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/help/wrap.h"

namespace runner::cli {
namespace {

constexpr std::size_t command_column = 14, code_column = 12;

const std::vector<std::pair<std::string, std::string>>& own_flags() {
  static const std::vector<std::pair<std::string, std::string>> flags = {
      {"-h", "this in short; behind a command: its flags"},
      {"--help", "this; behind a command: its examples and keys as well"},
      {"-V, --version", "the version; with --verbose: commit, libraries, CPU; --json"}};
  return flags;
}

}  // namespace

const std::vector<std::pair<std::string, std::string>>& exit_codes() {
  static const std::vector<std::pair<std::string, std::string>> codes = {
      {"0", "done"},
      {"1", "the run failed: disk full, out of memory; or its result could not be written to stdout"},
      {"2", "command line or config"},
      {"3", "an input file's contents"},
      {"4", "environment: libraries, OpenMP policy, device"},
      {"5", "a quality gate failed: train and eval have written every file, index publishes nothing"},
      {"130, 143", "interrupted (SIGINT; SIGTERM, SIGHUP), state saved"},
      {"128+n", "the worker was killed by signal n; the message says in which phase, and what was loaded"}};
  return codes;
}

std::string overview(HelpLength length, std::size_t width) {
  std::string text =
      wrap(fmt::format(
               "runner {}: builds FAISS indexes and trains LVM transformers, without OpenMP conflicts.",
               version()),
           width) +
      "\n\nUsage: runner COMMAND [ARGUMENTS] [FLAGS]\n\nCommands:\n";
  for (const Command& command : commands())
    text += beside(std::string("  ") + command.name, command.summary, command_column, width) + "\n";
  if (length == HelpLength::full) {
    text += "\nFlags:\n";
    for (const auto& [flag, help] : own_flags())
      text += beside("  " + flag, help, command_column + 3, width) + "\n";
    text += "\n" +
            wrap(
                "Flags of most commands: --json (one object as the last line of stdout), --quiet, --verbose, "
                "--color auto|always|never; of jobs also --set KEY=VALUE, --dry-run, --explain-env, "
                "--no-supervise.",
                width) +
            "\n\nExit codes:\n";
    for (const auto& [code, meaning] : exit_codes())
      text += beside("  " + code, meaning, code_column, width) + "\n";
  }
  text +=
      "\nExample:\n" + wrap_example("  runner train p6b_v23 --npz my_vectors.npz --epochs 3", width) +
      "\n\n" +
      wrap("`runner help COMMAND` says more of one, `runner configs list` names the shipped configurations.",
           width) +
      "\n";
  return text;
}

}  // namespace runner::cli
