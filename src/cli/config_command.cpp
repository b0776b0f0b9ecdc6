// runner config show|check|schema
#include "cli/config_command.h"

#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/printable.h"
#include "cli/find_config.h"
#include "cli/help/command_line.h"
#include "cli/pipeline/pipeline.h"
#include "cli/resolve_job.h"
#include "config/dump.h"
#include "config/schema.h"
#include "config/values.h"
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

int tell_values(const Arguments& arguments, const std::string& job, const config::Binder& binder) {
  if (!arguments.json) {
    fmt::print("{}", config::dump_yaml(binder, true));
    return 0;
  }
  Json told = {{"config", arguments.config}, {"job", job}, {"values", config::shown_values_of(binder)}};
  for (const auto& field : binder.fields()) told["origins"][field->key] = field->origin;
  fmt::print("{}\n", json_text(told));
  return 0;
}

int tell_valid(const Arguments& arguments, const std::string& job) {
  if (arguments.json)
    fmt::print(
        "{}\n",
        json_text(
            Json{{"config", arguments.config}, {"job", job}, {"valid", true}, {"problems", Json::array()}}));
  else
    say("{}: no mistakes (job {})\n", arguments.config, job);
  return 0;
}

int show_pipeline(const Arguments& arguments, const std::filesystem::path& file, bool print) {
  if (!arguments.set.empty())
    throw UsageError("a pipeline's steps have keys of their own: `set` in the file", "--set");
  read_pipeline(file);
  if (!print) return tell_valid(arguments, pipeline_job);
  PipelineKeys keys;
  read_keys(keys, file);
  return tell_values(arguments, pipeline_job, keys.binder);
}

int show(const Arguments& arguments, bool print) {
  if (jobs::find_job(arguments.config) == nullptr)
    if (const auto file = find_config(arguments.config); is_pipeline(file))
      return show_pipeline(arguments, file, print);
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
  return print ? tell_values(arguments, type.name, binder) : tell_valid(arguments, type.name);
}

bool names_a_pipeline(const std::string& name) {
  return name == pipeline_job || (jobs::find_job(name) == nullptr && is_pipeline(find_config(name)));
}

int schema(const Arguments& arguments) {
  if (names_a_pipeline(arguments.config)) {
    const PipelineKeys keys;
    fmt::print("{}\n", json_text(config::json_schema(keys.binder, pipeline_job), 2));
    return 0;
  }
  const jobs::JobType& type = job_or_config(arguments.config);
  const auto options = type.make();
  config::Binder binder;
  options->declare_all(binder);
  fmt::print("{}\n", json_text(config::json_schema(binder, type.name), 2));
  return 0;
}

constexpr const char* about_config =
    "Look at a configuration without running it.\n\nExamples:\n"
    "  runner config show configs/p6b_v23.yaml --set train.epochs=3\n"
    "  runner config check configs/p6b_v23.yaml\n"
    "  runner config schema train > train.schema.json";

struct ConfigLine {
  Arguments arguments;
  CLI::App* show = nullptr;
  CLI::App* check = nullptr;
  CLI::App* schema = nullptr;
};

void declare(CommandLine& app, ConfigLine& line) {
  app.require_subcommand(1);
  line.show = app.add_subcommand("show", "the resolved YAML, each value with where it came from");
  line.check = app.add_subcommand("check", "every mistake of the file; exit 2 when there is one");
  line.schema = app.add_subcommand("schema", "JSON Schema for editors");
  for (CLI::App* sub : {line.show, line.check, line.schema}) {
    sub->add_option(
           "CONFIG", line.arguments.config,
           sub == line.schema ? "a YAML file, or the name of a job" : "the YAML file, or its short name")
        ->required();
    sub->add_flag("--json", line.arguments.json, "machine-readable result");
    if (sub != line.schema)
      sub->add_option("--set", line.arguments.set, "any key: --set train.epochs=3")
          ->type_name("KEY=VALUE")
          ->allow_extra_args(false);
  }
}

}  // namespace

DescribedCommand describe_config_command(const std::string& name) {
  CommandLine app(about_config, name);
  ConfigLine line;
  declare(app, line);
  return app.described();
}

int config_command(int argc, char** argv) {
  CommandLine app(about_config, "runner config");
  ConfigLine line;
  declare(app, line);
  if (!app.read(argc, argv)) return 0;
  if (line.schema->parsed()) return schema(line.arguments);
  return show(line.arguments, line.show->parsed());
}

}  // namespace runner::cli
