// runner exec -- COMMAND: any program under the bootstrap and the supervisor.
#include "cli/exec_command.h"

#include "base/error.h"
#include "base/printable.h"
#include "cli/foreign_flags.h"
#include "worker/exec/exec_program.h"
#include "worker/processes/process.h"

namespace runner::cli {
namespace {

struct ExecLine {
  ForeignFlags flags;
  bool supervise = true;
  std::vector<std::string> command;
};

// False when --help has been printed. Our flags end at "--" or at the first word that is none of them;
// everything behind is the program's, untouched.
bool parse(int argc, char** argv, ExecLine& line) {
  CLI::App app("Any program under the runner's environment; its death by an OpenMP conflict is explained.",
               "runner exec");
  app.footer(
      "stdout is the program's own. Its exit code is kept (128+n when killed by signal n).\n"
      "Examples:\n"
      "  runner exec -- python train.py --epochs 3\n"
      "  runner exec --threads 4 -- ./my_search index.faiss");
  bool no_supervise = false;
  app.add_flag("--no-supervise", no_supervise, "become the program: set the environment only");
  add_foreign_flags(app, line.flags);
  app.prefix_command();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);
      return false;
    }
    throw UsageError(error.what(), "runner exec");
  }
  line.supervise = !no_supervise;
  line.command = app.remaining();
  if (!line.command.empty() && line.command.front() != "--" && line.command.front().starts_with("-"))
    throw UsageError("unknown flag " + line.command.front() + "; `runner exec --help` lists them",
                     "runner exec");
  if (!line.command.empty() && line.command.front() == "--") line.command.erase(line.command.begin());
  if (line.command.empty())
    throw UsageError("expected a command: runner exec -- python train.py", "runner exec");
  return true;
}

}  // namespace

int exec_command(int argc, char** argv) {
  ExecLine line;
  if (!parse(argc, argv, line)) return 0;
  line.flags.options.program = line.command.front();
  const runtime::Environment inherited = runtime::current_environment();
  const auto environment = runtime::apply_decisions(inherited, decide(line.flags, inherited));
  if (!line.supervise) {
    runtime::ChildSetup setup;
    setup.program = line.command.front();
    setup.argv = line.command;
    setup.environment = environment;
    runtime::execute(setup);
  }
  const runtime::ProgramEnding ending = runtime::run_program(line.command, environment);
  const std::string diagnosis = runtime::diagnose(ending);
  const std::string death = runtime::death(ending);
  if (diagnosis.empty() && !death.empty()) say_error("runner: {}: {}\n", line.command.front(), death);
  if (!diagnosis.empty()) say_error("\nrunner: {}", diagnosis);
  return ending.exit_code;
}

}  // namespace runner::cli
