#include "cli/job_flags.h"

#include <cctype>
#include <map>

#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "cli/help/command_line.h"
#include "config/key_words.h"

namespace runner::cli {
namespace {

// One list in YAML's flow form, each value quoted unless it is to be read as numbers.
std::string yaml_list(const std::vector<std::string>& values, bool quote) {
  std::string text = "[";
  for (const std::string& value : values) {
    if (text.size() > 1) text += ", ";
    text += quote ? json_text(value) : value;
  }
  return text + "]";
}

struct GivenFlags {
  std::map<const config::Field*, std::vector<std::string>> values;
  std::map<const config::Field*, bool> switches;
  std::vector<std::string> set;
};

// "INT", "FILE"; the words themselves where only some are allowed.
std::string type_of(const config::Field& field) {
  const config::KeyWords words = config::key_words_of(field);
  if (!words.choices.empty()) return fmt::format("{{{}}}", fmt::join(words.choices, ","));
  return words.type.ends_with("…") ? words.type.substr(0, words.type.size() - std::string("…").size())
                                   : words.type;
}

// Names the key where the flag does not.
std::string help_of(const config::Field& field, const std::string& flag) {
  return flag == "--" + field.key ? field.help : field.help + "; key " + field.key;
}

void add_option_flags(CLI::App& app, const config::Binder& binder, GivenFlags& given) {
  for (const auto& field : binder.fields()) {
    for (const std::string& flag : field->flags) {
      if (field->kind == config::Kind::boolean) {
        app.add_flag(flag + ",!--no-" + flag.substr(2), given.switches[field.get()], field->help);
        continue;
      }
      auto* option = app.add_option(flag, given.values[field.get()], help_of(*field, flag));
      option->expected(1)->allow_extra_args(false)->type_name(type_of(*field));
      const bool list = field->kind == config::Kind::text_list || field->kind == config::Kind::number_list ||
                        field->kind == config::Kind::integer_list;
      option->multi_option_policy(list ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
    }
  }
  app.add_option("--set", given.set, "any key: --set train.epochs=3")
      ->expected(1)
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_common_flags(CLI::App& app, CommonFlags& common) {
  const auto add = [&app](const char* flag, bool& value, const char* help) {
    app.add_flag(flag, value, help)->group(common_flags);
  };
  add("--json", common.json, "one JSON object as the last line of stdout");
  add("--quiet", common.quiet, "warnings and errors only");
  add("--verbose", common.verbose, "debug messages too");
  add("--no-supervise", common.no_supervise, "run the worker in this process's place, for a debugger");
  add("--explain-env", common.explain_env, "print every environment decision and why");
  add("--dry-run", common.dry_run, "check everything and print the plan; run nothing");
}

// What the text of such an argument names.
const char* type_of(std::optional<std::string> Arguments::*member) {
  return member == &Arguments::shard ? "I/N" : "RUN";
}

void add_argument(CLI::App& app, const jobs::Argument& argument, bool& value) {
  app.add_flag(argument.flag, value, argument.help);
}

void add_argument(CLI::App& app, const jobs::Argument& argument, std::int64_t& value) {
  app.add_option(argument.flag, value, argument.help)->check(whole_number_from_one, "1 or more");
}

void add_argument(CLI::App& app, const jobs::Argument& argument, std::optional<std::string>& value,
                  const char* type) {
  if (argument.without_value == nullptr)
    app.add_option(argument.flag, value, argument.help)->type_name(type);
  else  // a flag that may carry =VALUE, so that it never swallows the word behind it
    app.add_flag(fmt::format("{}{{{}}}", argument.flag, argument.without_value), value, argument.help)
        ->type_name(type);
}

void add_arguments(CLI::App& app, const jobs::JobType& type, Arguments& arguments) {
  for (const jobs::Argument& argument : type.arguments)
    std::visit(
        [&](auto member) {
          if constexpr (std::is_same_v<decltype(member), std::optional<std::string> Arguments::*>)
            add_argument(app, argument, arguments.*member, type_of(member));
          else
            add_argument(app, argument, arguments.*member);
        },
        argument.member);
}

void collect_overrides(const config::Binder& binder, const GivenFlags& given, const CLI::App& app,
                       JobCommandLine& line) {
  for (const auto& field : binder.fields()) {
    if (field->flags.empty() || app.count(field->flags[0]) == 0) continue;
    const std::string& flag = field->flags[0];
    if (field->kind == config::Kind::boolean) {
      line.overrides.push_back({field->key, given.switches.at(field.get()) ? "true" : "false", flag});
      continue;
    }
    const auto& values = given.values.at(field.get());
    const bool list = field->kind == config::Kind::text_list || field->kind == config::Kind::number_list ||
                      field->kind == config::Kind::integer_list;
    const bool quote = field->kind == config::Kind::text_list;
    line.overrides.push_back({field->key, list ? yaml_list(values, quote) : values.back(), flag});
  }
  for (const std::string& setting : given.set) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0)
      throw UsageError("expected KEY=VALUE, got '" + setting + "'", "--set");
    const std::string key = setting.substr(0, equals);
    line.overrides.push_back({key, setting.substr(equals + 1), "--set " + key});
  }
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// A positional other than CONFIG is a key of the job.
std::string positional_help(const std::string& positional, const config::Binder& binder) {
  for (const auto& field : binder.fields())
    if (field->key == positional) return field->help;
  return "the YAML file (or the short name of a shipped one)";
}

// `run` and `plan` take any job; their other lines are those of the job that the file names.
std::string about(const std::string& command, const jobs::JobType& type) {
  if (command == "run")
    return "Whatever the file's `job:` says; of a pipeline, its steps: `runner run pipeline --help`.\n\n"
           "Examples:\n  runner run configs/index_flat_ip.yaml\n  runner run configs/pipeline.yaml";
  if (command == "plan")
    return "Rows, steps, memory, disk and time, before anything runs.\n\nExample:\n"
           "  runner plan configs/p6b_v23.yaml --npz my_vectors.npz";
  return jobs::summary_of(type) + "\n\nExample:\n  " + type.example;
}

std::string config_help(const std::string& positional, bool is_train) {
  if (positional != "CONFIG") return "a YAML file with every key, in place of " + upper(positional);
  return is_train ? "CONFIG, as a flag; old form: v1, v21, v22 or v23" : "CONFIG, as a flag";
}

// What a command of a job declares; `line` and `given` take it.
void declare(CommandLine& app, const std::string& command, const jobs::JobType& type,
             const config::Binder& binder, GivenFlags& given, JobCommandLine& line) {
  // `run` and `plan` take any job from its file.
  const std::string positional = command == type.name ? type.positional : "CONFIG";
  line.is_config = positional == "CONFIG";
  const bool is_train = std::string(type.name) == "train";
  if (!positional.empty()) {
    app.add_option(upper(positional), line.positional, positional_help(positional, binder));
    app.add_option("--config", line.old_config, config_help(positional, is_train))->type_name("FILE");
  }
  if (is_train) {
    app.add_option("--model", line.old_model, "old form: transformer, lstm, gru or amn")->type_name("WORD");
    app.add_option("--version", line.old_version, "old form: p6b or mse")->type_name("WORD");
  }
  add_option_flags(app, binder, given);
  add_arguments(app, type, line.arguments);
  add_common_flags(app, line.common);
  app.has_keys(type.name, binder);
}

}  // namespace

DescribedCommand describe_job_command(const std::string& name) {
  const std::string command = name.substr(name.rfind(' ') + 1);
  const jobs::JobType* own = jobs::find_job(command);
  const jobs::JobType& type = own == nullptr ? *jobs::find_job("train") : *own;
  const auto options = type.make();
  config::Binder binder;
  options->declare_all(binder);
  CommandLine app(about(command, type), name);
  GivenFlags given;
  JobCommandLine line;
  declare(app, command, type, binder, given, line);
  return app.described();
}

bool parse_job_flags(int argc, char** argv, const jobs::JobType& type, const config::Binder& binder,
                     JobCommandLine& line) {
  CommandLine app(about(argv[0], type), std::string("runner ") + argv[0]);
  GivenFlags given;
  declare(app, argv[0], type, binder, given, line);
  if (!app.read(argc, argv)) return false;
  line.is_config = line.is_config || line.positional.ends_with(".yaml") || line.positional.ends_with(".yml");
  collect_overrides(binder, given, app, line);
  line.arguments.dry_run = line.common.dry_run;
  return true;
}

}  // namespace runner::cli
