// Dispatches to the command and maps errors to exit codes; nothing else.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/console.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_reason.h"
#include "base/json_text.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/write_access.h"
#include "cli/commands.h"
#include "cli/help/json_page.h"
#include "cli/help/man_page.h"
#include "cli/help/overview.h"
#include "cli/help/wrap.h"
#include "cli/version_command.h"
#include "config/suggest.h"
#include "contract/error_record.h"
#include "worker/launch/worker.h"

namespace {

using runner::cli::Command;
using runner::cli::described_commands;
using runner::cli::help_width;
using runner::cli::HelpLength;
using runner::cli::json_page;
using runner::cli::man_page;
using runner::cli::overview;
using runner::cli::version_command;

bool wants_json(int argc, char** argv) {
  for (int i = 1; i < argc && std::strcmp(argv[i], "--") != 0; ++i)
    if (std::strcmp(argv[i], "--json") == 0) return true;
  return false;
}

int report(const runner::Error& error, bool json) {
  runner::say_error("runner: {}\n", error.line());
  if (json) {
    fmt::print("{}\n", runner::json_text(runner::Json{{"error", runner::error_record(error)}}));
  }
  return static_cast<int>(error.code());
}

std::string out_of_memory() {
  const std::string limit = runner::memory_limit();
  return "out of memory" + (limit.empty() ? "" : "; " + limit);
}

const Command& find_command(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : runner::cli::commands()) {
    if (name == command.name) return command;
    names.emplace_back(command.name);
  }
  const std::string guess = runner::config::closest(name, names);
  throw runner::UsageError("unknown command" + (guess.empty() ? "" : " (did you mean " + guess + "?)") +
                               "; `runner --help` lists them",
                           name);
}

// `runner help runs list` is `runner runs list --help`.
int help_of(int argc, char** argv) {
  std::string flag = "--help";
  std::vector<char*> words(argv, argv + argc);
  words.push_back(flag.data());
  words.push_back(nullptr);
  return find_command(argv[0]).run(argc + 1, words.data());
}

int dispatch(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "-h";
  if (first == "help" && argc == 3 && std::strcmp(argv[2], "--man") == 0) {
    fmt::print("{}", man_page(described_commands()));
    return 0;
  }
  if (first == "help" && argc == 3 && std::strcmp(argv[2], "--json-keys") == 0) {
    fmt::print("{}", json_page());
    return 0;
  }
  if (first == "help" && argc > 2) return help_of(argc - 2, argv + 2);
  if (first == "--help" || first == "-h" || first == "help") {
    const auto length = first == "-h" ? HelpLength::brief : HelpLength::full;
    fmt::print("{}", overview(length, help_width()));
    return argc > 1 ? 0 : static_cast<int>(runner::ExitCode::usage);
  }
  if (first == "--version" || first == "-V") return version_command(argc - 1, argv + 1);
  if (first == "--worker" && argc == 3) return runner::runtime::worker_main(std::atoi(argv[2]));
  return find_command(first).run(argc - 1, argv + 1);
}

int run(int argc, char** argv) {
  const bool json = wants_json(argc, argv);
  try {
    return dispatch(argc, argv);
  } catch (const runner::Error& error) {
    return report(error, json);
  } catch (const std::bad_alloc&) {
    return report(runner::RunError(out_of_memory()), json);
  } catch (const std::exception& error) {
    // A result that does not reach stdout is told by finish_results.
    return std::ferror(stdout) != 0
               ? 0
               : report(runner::RunError(runner::without_json_number(error.what())), json);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond `ulimit -f` then fails and is said
  runner::prepare_console();
  runner::setup_logging(runner::Verbosity::normal);
  runner::keep_others_from_writing();
  return runner::finish_results(run(argc, argv));
}
