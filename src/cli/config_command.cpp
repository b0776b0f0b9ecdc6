// runner config show|check|schema
#include "cli/config_command.h"

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/printable.h"
#include "cli/find_config.h"
#include "cli/resolve_job.h"
#include "config/describe.h"
#include "jobs/registry.h"

namespace runner::cli {
namespace {

struct Arguments {
  std::string config;
  std::vector<std::string> set;
  bool json = false;
};

const jobs::JobType& job_or_config(const std::string& name) {
  if (const jobs::JobType* type = jobs::find_job(name)) return *type;
  const auto path = find_config(name);
  return job_named_in(read_config(path), path.string());
}

int show(const Arguments& arguments, bool print) {
  const jobs::JobType& type = job_or_config(arguments.config);
  const auto options = type.make();
  config::Binder binder;
  options->declare_all(binder);
  JobCommandLine line;
  line.positional = arguments.config;
  line.is_config = true;
  for (const std::string& setting : arguments.set) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) throw UsageError("expected KEY=VALUE, got '" + setting + "'", "--set");
    const std::string key = setting.substr(0, equals);
    line.overrides.push_back({key, setting.substr(equals + 1), "--set " + key});
  }
  resolve_job(type, *options, binder, line, "{timestamp}");
  if (print)
    fmt::print("{}", config::dump_yaml(binder, true));
  else if (arguments.json)
    fmt::print("{}\n", json_text(Json{{"config", arguments.config}, {"job", type.name}, {"valid", true}}));
  else
    say("{}: no mistakes (job {})\n", arguments.config, type.name);
  return 0;
}

int schema(const Arguments& arguments) {
  const jobs::JobType& type = job_or_config(arguments.config);
  const auto options = type.make();
  config::Binder binder;
  options->declare_all(binder);
  fmt::print("{}\n", json_text(config::json_schema(binder, std::string("runner ") + type.name), 2));
  return 0;
}

}  // namespace

int config_command(int argc, char** argv) {
  CLI::App app(
      "Look at a configuration without running it.\n\nExamples:\n"
      "  runner config show configs/p6b_v23.yaml --set train.epochs=3\n"
      "  runner config check configs/p6b_v23.yaml\n"
      "  runner config schema train > train.schema.json",
      "runner config");
  Arguments arguments;
  app.require_subcommand(1);
  CLI::App* show_app = app.add_subcommand("show", "the resolved YAML, each value with where it came from");
  CLI::App* check_app = app.add_subcommand("check", "every mistake of the file; exit 2 when there is one");
  CLI::App* schema_app = app.add_subcommand("schema", "JSON Schema for editors");
  for (CLI::App* sub : {show_app, check_app, schema_app}) {
    sub->add_option("CONFIG", arguments.config, "the YAML file (schema: or a job's name)")->required();
    sub->add_flag("--json", arguments.json, "machine-readable result");
    if (sub != schema_app) sub->add_option("--set", arguments.set, "KEY=VALUE")->allow_extra_args(false);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.get_subcommands().empty() ? app.help() : app.get_subcommands()[0]->help());
    return 0;
  } catch (const CLI::ParseError& error) {
    throw UsageError(std::string(error.what()) + "; see `runner config --help`", "config");
  }
  if (schema_app->parsed()) return schema(arguments);
  return show(arguments, show_app->parsed());
}

}  // namespace runner::cli
