// runner env: the bootstrap as lines for a shell or a notebook.
#include "cli/env_command.h"

#include "base/error.h"
#include "base/json_text.h"
#include "cli/foreign_flags.h"
#include "cli/help/command_line.h"
#include "openmp_scan/scan.h"

namespace runner::cli {
namespace {

constexpr const char* about_env =
    "The environment that the runner gives its own workers, for a shell or a notebook.\n\n"
    "Examples:\n"
    "  eval \"$(runner env)\"                 then start Python from this shell\n"
    "  runner env --shell fish | source\n"
    "  runner env --shell python            lines for a notebook's first cell, before any import\n"
    "  runner env --explain-env             why each variable has its value";

struct EnvLine {
  ForeignFlags flags;
  std::string shell = "sh";
  bool json = false;
};

void declare(CommandLine& app, EnvLine& line) {
  app.add_option("--shell", line.shell, "whose lines")->type_name("{sh,fish,python}")->capture_default_str();
  app.add_flag("--json", line.json, "every decision as one JSON object");
  add_foreign_flags(app, line.flags);
}

}  // namespace

DescribedCommand describe_env_command(const std::string& name) {
  CommandLine app(about_env, name);
  EnvLine line;
  declare(app, line);
  return app.described();
}

int env_command(int argc, char** argv) {
  CommandLine app(about_env, "runner env");
  EnvLine line;
  declare(app, line);
  if (!app.read(argc, argv)) return 0;
  const auto& [flags, shell, json] = line;
  const auto decisions = decide(flags, runtime::current_environment());
  if (json)
    fmt::print("{}\n", json_text(Json{{"environment", runtime::to_json(decisions)}}));
  else
    fmt::print("{}", runtime::export_lines(decisions, shell));
  return 0;
}

}  // namespace runner::cli
