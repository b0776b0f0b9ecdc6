// Dispatches to the command and maps errors to exit codes; nothing else.
#include <CLI/Error.hpp>
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
#include "base/version.h"
#include "cli/commands.h"
#include "config/suggest.h"
#include "worker/launch/worker.h"

namespace {

using runner::cli::Command;

void print_help() {
  fmt::print("runner {}: builds FAISS indexes and trains LVM transformers, without OpenMP conflicts.\n\n",
             runner::version());
  fmt::print("usage: runner COMMAND ...\n\n");
  for (const Command& command : runner::cli::commands())
    fmt::print("  {:<10} {:<28} {}\n", command.name, command.usage, command.summary);
  fmt::print(
      "\nCommon flags: --json --quiet --verbose --no-supervise --explain-env --set key=value --help\n"
      "Example: runner train configs/p6b_v23.yaml --npz my_vectors.npz --epochs 3\n"
      "`runner COMMAND --help` says more.\n");
}

bool wants_json(int argc, char** argv) {
  for (int i = 1; i < argc && std::strcmp(argv[i], "--") != 0; ++i)
    if (std::strcmp(argv[i], "--json") == 0) return true;
  return false;
}

int report(const runner::Error& error, bool json) {
  runner::say_error("runner: {}\n", error.line());
  if (json) {
    const runner::Json object{
        {"error",
         {{"code", static_cast<int>(error.code())}, {"message", error.what()}, {"place", error.place()}}}};
    fmt::print("{}\n", runner::json_text(object));
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

int dispatch(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "--help";
  if (first == "--help" || first == "-h" || first == "help") {
    print_help();
    return argc > 1 ? 0 : static_cast<int>(runner::ExitCode::usage);
  }
  if (first == "--version") {
    fmt::print("runner {}\n", runner::version());
    return 0;
  }
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
  return runner::finish_results(run(argc, argv));
}
