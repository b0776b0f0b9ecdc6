// runner runs list|show: past runs from their manifests.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <tuple>

#include "base/error.h"
#include "base/json_file.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/progress.h"
#include "cli/command.h"
#include "worker/launch/outcome.h"

namespace runner::cli {
namespace {
namespace fs = std::filesystem;

constexpr int deepest = 64;  // folders inside each other that are looked into

struct Run {
  fs::path manifest;
  fs::file_time_type written;
  Json contents;
};

bool is_manifest(const fs::path& path) {
  const std::string name = path.filename().string();
  return name == "manifest.json" || name.ends_with(".manifest.json");
}

// What the run wrote: its folder, or the file that the manifest lies beside.
fs::path place(const fs::path& manifest) {
  if (manifest.filename() == "manifest.json")
    return manifest.has_parent_path() ? manifest.parent_path() : fs::path(".");
  const std::string name = manifest.string();
  return name.substr(0, name.rfind(".manifest.json"));
}

// As it is now: a run that was killed says "running" until somebody looks. Throws as read_json_file.
Json read_manifest(const fs::path& path) {
  Manifest manifest = Manifest::read(path);
  if (path.filename() != "manifest.json" || !manifest.is_running()) return manifest.contents();
  return runtime::settle_outcome(place(path)).value_or(manifest).contents();
}

// A run may vanish at any moment, another be written: what cannot be read any more is left out.
void find_runs(const fs::path& folder, int depth, std::vector<Run>& runs) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    const fs::file_status status = at->symlink_status(gone);
    if (fs::is_directory(status) && depth < deepest) find_runs(at->path(), depth + 1, runs);
    // A link to the current version of a file is that version's run.
    if (!fs::is_regular_file(status) || !is_manifest(at->path()) || !fs::exists(place(at->path()), gone))
      continue;
    try {
      Json contents = read_manifest(at->path());
      runs.push_back({at->path(), fs::last_write_time(at->path(), gone), std::move(contents)});
    } catch (const DataError& damage) {
      spdlog::warn("left out: {}", damage.line());
    } catch (const RunError& unreadable) {
      if (fs::exists(at->path(), gone)) spdlog::warn("left out: {}", unreadable.line());
    }
  }
}

std::vector<Run> find_runs(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) throw UsageError("no such folder", folder.string());
  std::vector<Run> runs;
  find_runs(folder, 0, runs);
  std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) {
    return std::tie(a.written, a.manifest) < std::tie(b.written, b.manifest);
  });
  return runs;
}

std::string text_of(const Json& object, const char* key) {
  const Json& member = member_in(object, key);
  if (member.is_null()) return "-";
  return member.is_string() ? member.get<std::string>() : json_text(member);
}

std::string cell(const Json& object, const char* key) {
  return printable(text_of(object, key), LineBreaks::escape);
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
    fmt::print("{}\n", json_text(Json{{"runs", all}}));
    return 0;
  }
  if (runs.empty()) say("no runs under {}\n", folder.string());
  for (const Run& run : runs)
    say("{:<20} {:<10} {:<24} {:<12} {}\n", cell(run.contents, "started"), cell(run.contents, "job"),
        cell(run.contents, "name"), cell(run.contents, "outcome"),
        printable(place(run.manifest).string(), LineBreaks::escape));
  return 0;
}

int show(const fs::path& at, bool json) {
  fs::path manifest = fs::is_directory(at) ? at / "manifest.json" : at;
  if (const fs::path beside = at.string() + ".manifest.json"; fs::exists(beside)) manifest = beside;
  fmt::print("{}\n", json_text(read_manifest(manifest), json ? -1 : 2));
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
