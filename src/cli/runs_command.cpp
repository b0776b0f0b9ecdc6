// runner runs list|show: past runs from their manifests.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/command.h"

namespace runner::cli {
namespace {
namespace fs = std::filesystem;

struct Run {
  fs::path manifest;
  Json contents;
};

bool is_manifest(const fs::path& path) {
  const std::string name = path.filename().string();
  return name == "manifest.json" || name.ends_with(".manifest.json");
}

std::vector<Run> find_runs(const fs::path& folder) {
  std::vector<Run> runs;
  if (!fs::is_directory(folder)) throw UsageError("no such folder", folder.string());
  for (const auto& entry :
       fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied)) {
    // A link to the current version of a file is that version's run.
    if (entry.is_symlink() || !entry.is_regular_file() || !is_manifest(entry.path())) continue;
    Json contents = Json::parse(read_file(entry.path()), nullptr, false);
    if (contents.is_object()) runs.push_back({entry.path(), std::move(contents)});
  }
  std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) {
    return fs::last_write_time(a.manifest) < fs::last_write_time(b.manifest);
  });
  return runs;
}

// What the run wrote: its folder, or the file that the manifest lies beside.
std::string place(const fs::path& manifest) {
  if (manifest.filename() == "manifest.json") return manifest.parent_path().string();
  const std::string name = manifest.string();
  return name.substr(0, name.rfind(".manifest.json"));
}

std::string text_of(const Json& object, const char* key) {
  if (!object.contains(key) || object[key].is_null()) return "-";
  return object[key].is_string() ? object[key].get<std::string>() : object[key].dump();
}

int list(const fs::path& folder, bool json) {
  const auto runs = find_runs(folder);
  if (json) {
    Json all = Json::array();
    for (const Run& run : runs)
      all.push_back({{"manifest", run.manifest.string()},
                     {"job", text_of(run.contents, "job")},
                     {"name", text_of(run.contents, "name")},
                     {"outcome", text_of(run.contents, "outcome")},
                     {"started", text_of(run.contents, "started")}});
    fmt::print("{}\n", Json{{"runs", all}}.dump());
    return 0;
  }
  if (runs.empty()) fmt::print("no runs under {}\n", folder.string());
  for (const Run& run : runs)
    fmt::print("{:<20} {:<10} {:<24} {:<12} {}\n", text_of(run.contents, "started"),
               text_of(run.contents, "job"), text_of(run.contents, "name"), text_of(run.contents, "outcome"),
               place(run.manifest));
  return 0;
}

int show(const fs::path& at, bool json) {
  fs::path manifest = fs::is_directory(at) ? at / "manifest.json" : at;
  if (const fs::path beside = at.string() + ".manifest.json"; fs::exists(beside)) manifest = beside;
  const Json contents = Json::parse(read_file(manifest), nullptr, false);
  if (contents.is_discarded()) throw DataError("not valid JSON", manifest.string());
  fmt::print("{}\n", contents.dump(json ? -1 : 2));
  return 0;
}

}  // namespace

int runs_command(int argc, char** argv) {
  CLI::App app(
      "Past runs from their manifests.\n\nExamples:\n  runner runs list artifacts\n"
      "  runner runs show artifacts/lvm/models/latest\n"
      "  runner runs show artifacts/index/cppdocs_flat_ip.index",
      "runner runs");
  std::string folder = "artifacts", run;
  bool json = false;
  app.require_subcommand(1);
  CLI::App* list_app = app.add_subcommand("list", "every run below a folder");
  list_app->add_option("DIR", folder, "where to look")->capture_default_str();
  list_app->add_flag("--json", json, "machine-readable result");
  CLI::App* show_app = app.add_subcommand("show", "one run's manifest");
  show_app->add_option("DIR", run, "a run's folder, a file that one wrote, or a manifest")->required();
  show_app->add_flag("--json", json, "on one line");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.get_subcommands().empty() ? app.help() : app.get_subcommands()[0]->help());
    return 0;
  } catch (const CLI::ParseError& error) {
    throw UsageError(std::string(error.what()) + "; see `runner runs --help`", "runs");
  }
  return list_app->parsed() ? list(folder, json) : show(run, json);
}

}  // namespace runner::cli
