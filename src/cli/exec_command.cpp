// runner exec -- COMMAND: any program under the bootstrap and the supervisor.
#include "cli/exec_command.h"

#include "base/error.h"
#include "base/printable.h"
#include "cli/foreign_flags.h"
#include "cli/help/command_line.h"
#include "worker/exec/exec_program.h"
#include "worker/processes/process.h"

namespace runner::cli {
namespace {

struct ExecLine {
  ForeignFlags flags;
  bool supervise = true;
  std::vector<std::string> command;
};

constexpr const char* about_exec =
    "Any program under the runner's environment; its death by an OpenMP conflict is explained.\n\n"
    "stdout is the program's own. Its exit code is kept (128+n when killed by signal n).\n\n"
    "Examples:\n"
    "  runner exec -- python train.py --epochs 3\n"
    "  runner exec --threads 4 -- ./my_search index.faiss";

void declare(CommandLine& app, ExecLine& line, bool& no_supervise) {
  app.add_flag("--no-supervise", no_supervise, "become the program: set the environment only");
  add_foreign_flags(app, line.flags);
  app.prefix_command();
  app.takes_rest("-- COMMAND...", "the program and its own words");
}

// False when --help has been printed. Our flags end at "--" or at the first word that is none of them;
// everything behind is the program's, untouched.
bool parse(int argc, char** argv, ExecLine& line) {
  CommandLine app(about_exec, "runner exec");
  bool no_supervise = false;
  declare(app, line, no_supervise);
  if (!app.read(argc, argv)) return false;
  line.supervise = !no_supervise;
  line.command = app.remaining();
  if (!line.command.empty() && line.command.front() != "--" && line.command.front().starts_with("-"))
    throw app.unknown_flag(line.command.front());
  if (!line.command.empty() && line.command.front() == "--") line.command.erase(line.command.begin());
  if (line.command.empty())
    throw UsageError("expected a command: runner exec -- python train.py", "runner exec");
  return true;
}

}  // namespace

DescribedCommand describe_exec_command(const std::string& name) {
  CommandLine app(about_exec, name);
  ExecLine line;
  bool no_supervise = false;
  declare(app, line, no_supervise);
  return app.described();
}

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
