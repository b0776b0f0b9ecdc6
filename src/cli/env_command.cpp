// runner env: the bootstrap as lines for a shell or a notebook.
#include "cli/env_command.h"

#include "base/error.h"
#include "base/json_text.h"
#include "cli/foreign_flags.h"
#include "openmp_scan/scan.h"

namespace runner::cli {

int env_command(int argc, char** argv) {
  CLI::App app("The environment that the runner gives its own workers, for a shell or a notebook.",
               "runner env");
  app.footer(
      "Examples:\n"
      "  eval \"$(runner env)\"                 then start Python from this shell\n"
      "  runner env --shell fish | source\n"
      "  runner env --shell python            lines for a notebook's first cell, before any import\n"
      "  runner env --explain-env             why each variable has its value");
  ForeignFlags flags;
  std::string shell = "sh";
  bool json = false;
  app.add_option("--shell", shell, "sh, fish or python")->capture_default_str();
  app.add_flag("--json", json, "every decision as one JSON object");
  add_foreign_flags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    throw UsageError(error.what(), "runner env");
  }
  const auto decisions = decide(flags, runtime::current_environment());
  if (json)
    fmt::print("{}\n", json_text(Json{{"environment", runtime::to_json(decisions)}}));
  else
    fmt::print("{}", runtime::export_lines(decisions, shell));
  return 0;
}

}  // namespace runner::cli
