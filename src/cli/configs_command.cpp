#include "cli/configs_command.h"

#include <unistd.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/printable.h"
#include "cli/find_config.h"
#include "cli/help/command_line.h"
#include "cli/help/wrap.h"
#include "config/resolve.h"
#include "config/suggest.h"
#include "report/block.h"

namespace runner::cli {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t job_column = 17, text_column = 28, least_text = 30;

constexpr const char* about_configs =
    "The configurations that ship with the runner.\n\n"
    "Every command takes them by name: runner train p6b_v23. Those in ./configs stand before the installed "
    "ones.\n\n"
    "Examples:\n"
    "  runner configs list\n"
    "  runner configs show p6b_v23\n"
    "  runner configs copy p6b_v23 mine.yaml";

struct ConfigsLine {
  std::string name, to;
  bool json = false, names = false, force = false;
};

void declare(CommandLine& app, ConfigsLine& line) {
  app.require_subcommand(1);
  CLI::App* list = app.add_subcommand("list", "name, job and purpose of each");
  list->add_flag("--names", line.names, "the names alone, one a line");
  list->add_flag("--json", line.json, "one JSON object on stdout");
  CLI::App* show = app.add_subcommand("show", "one of them, as it is");
  show->add_flag("--json", line.json, "one JSON object on stdout");
  show->add_option("CONFIG", line.name, "its name")->required();
  CLI::App* copy = app.add_subcommand("copy", "a copy of one, to be changed");
  copy->add_option("CONFIG", line.name, "its name")->required();
  copy->add_option("TO", line.to, "file or folder of the copy; without it NAME.yaml, here")
      ->type_name("PATH");
  copy->add_flag("--json", line.json, "one JSON object on stdout");
  copy->add_flag("--force", line.force, "replace a file that is there");
}

struct Shipped {
  std::string name, job, purpose;
  fs::path place;
};

// A file's first line is a comment that says what it is for.
std::string purpose_in(const std::string& text) {
  if (!text.starts_with("# ")) return "";
  return text.substr(2, text.find('\n') - 2);
}

std::vector<Shipped> shipped_configs() {
  std::vector<Shipped> all;
  for (const std::string& name : short_config_names()) {
    try {
      const fs::path place = find_config(name);
      const std::string text = read_config(place);
      all.push_back({name, config::top_level_value(text, place.string(), "job"), purpose_in(text), place});
    } catch (const Error& error) {  // somebody's own file among them
      spdlog::warn("left out: {}", error.line());
    }
  }
  return all;
}

int list(const ConfigsLine& line) {
  if (line.names && !line.json) {
    for (const std::string& name : short_config_names()) say("{}\n", name);
    return 0;
  }
  const std::vector<Shipped> all = shipped_configs();
  Json configs = Json::array();
  // In a pipe a configuration is one line.
  const std::size_t width = report::block_width(STDOUT_FILENO);
  for (const Shipped& one : all) {
    configs.push_back(
        {{"name", one.name}, {"job", one.job}, {"purpose", one.purpose}, {"path", one.place.string()}});
    if (line.json) continue;
    const std::string name_and_job = beside(one.name, one.job, job_column, width);
    if (width < text_column + least_text)
      say("{}\n{}\n", name_and_job, wrap("  " + one.purpose, width, 2));
    else
      say("{}\n", beside(name_and_job, one.purpose, text_column, width));
  }
  if (line.json) fmt::print("{}\n", json_text(Json{{"configs", configs}}));
  if (all.empty() && !line.json) say_error("no configurations in ./configs or beside an installed runner\n");
  return 0;
}

int show(const ConfigsLine& line) {
  const fs::path place = find_config(line.name);
  const std::string text = read_config(place);
  if (line.json)
    fmt::print("{}\n", json_text(Json{{"path", place.string()}, {"text", text}}));
  else
    fmt::print("{}", text);
  return 0;
}

// Where the copy goes.
fs::path target_of(const ConfigsLine& line, const fs::path& source) {
  if (line.to.empty()) return source.filename();
  std::error_code error;
  return fs::is_directory(line.to, error) ? fs::path(line.to) / source.filename() : fs::path(line.to);
}

// The line by which editors find the schema says where it is from the shipped file; elsewhere the whole path
// does.
std::string with_schema_found(std::string text, const fs::path& source) {
  constexpr std::string_view mark = "yaml-language-server: $schema=";
  const std::size_t at = text.find(mark);
  if (at == std::string::npos) return text;
  const std::size_t begin = at + mark.size(), length = text.find('\n', begin) - begin;
  const fs::path schema = fs::absolute(source.parent_path() / text.substr(begin, length)).lexically_normal();
  std::error_code error;
  return fs::exists(schema, error) ? text.replace(begin, length, schema.string()) : text;
}

int copy(const ConfigsLine& line) {
  const fs::path source = find_config(line.name), target = target_of(line, source);
  const std::string text = with_schema_found(read_config(source), source);
  std::error_code error;
  const fs::file_status there = fs::symlink_status(target, error);
  if (fs::exists(there) && !fs::is_regular_file(there))
    throw UsageError("is there and no regular file", target.string());
  if (fs::exists(there) && fs::equivalent(source, target, error))
    throw UsageError("is the shipped file itself; name another place", target.string());
  if (fs::exists(there) && !line.force)
    throw UsageError("is there already; --force replaces it", target.string());
  write_file_atomically(target, text);
  if (line.json)
    fmt::print("{}\n", json_text(Json{{"output", target.string()}, {"config", source.string()}}));
  else
    say("{}: a copy of {}\n", target.string(), source.string());
  return 0;
}

}  // namespace

DescribedCommand describe_configs_command(const std::string& name) {
  CommandLine app(about_configs, name);
  ConfigsLine line;
  declare(app, line);
  return app.described();
}

int configs_command(int argc, char** argv) {
  CommandLine app(about_configs, "runner configs");
  ConfigsLine line;
  declare(app, line);
  if (!app.read(argc, argv)) return 0;
  const std::string action = app.get_subcommands()[0]->get_name();
  if (action == "list") return list(line);
  return action == "show" ? show(line) : copy(line);
}

}  // namespace runner::cli
