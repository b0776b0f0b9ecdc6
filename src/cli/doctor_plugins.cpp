#include "cli/doctor_plugins.h"

#include <algorithm>
#include <array>

#include "openmp_scan/verdict/policy.h"
#include "worker/launch/paths.h"

namespace runner::cli {

namespace fs = std::filesystem;
using runtime::Action;
using runtime::ScanResult;
using runtime::Verdict;

namespace {

constexpr std::array names = {"librunner_train", "librunner_index", "librunner_smoke"};

const char* word(Action action) {
  switch (action) {
    case Action::run:
      return "run";
    case Action::warn:
      return "warn";
    case Action::separate:
      return "separate";
    case Action::refuse:
      break;
  }
  return "refuse";
}

// A tree's plug-in, under the name that its system gives it; one that is not there under this system's.
fs::path plugin_in(const fs::path& tree, const std::string& name) {
  if (tree.empty()) return runtime::plugin_path(name);
  const fs::path installed = tree / "lib" / "runner";
  const fs::path folder = fs::is_directory(installed) ? installed : tree;
  for (const char* suffix : {".so", ".dylib"})
    if (const fs::path file = folder / (name + suffix); fs::exists(file)) return file;
  return folder / name;
}

fs::path program_in(const fs::path& tree) {
  if (tree.empty()) return runtime::program_path();
  for (const fs::path& program : {tree / "bin" / "runner", tree / "runner"})
    if (fs::is_regular_file(program)) return program;
  return {};
}

}  // namespace

PluginFindings scan_plugins(const fs::path& tree, runtime::ScanOptions options) {
  PluginFindings found;
  options.executable = program_in(tree);
  std::array<ScanResult, names.size()> plugins;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const fs::path file = plugin_in(tree, names[i]);
    if (!fs::exists(file)) {
      found.sets.problems.push_back(file.string() + ": this plug-in is not there");
      continue;
    }
    plugins[i] = runtime::scan({file}, options);
    found.sets.worst = std::max(found.sets.worst, plugins[i].verdict);
    found.sets.binaries += plugins[i].files;
  }
  const auto& [train, index, smoke] = plugins;
  const Action action = runtime::decide(runtime::Policy::isolate, std::max(train.verdict, index.verdict),
                                        smoke.verdict, smoke.from_preload);
  found.isolate = word(action);
  if (action == Action::separate)
    plugins.back().advice.push_back(
        "the runner keeps them apart: smoke's parts run in separate workers (environment.openmp: isolate)");
  for (ScanResult& plugin : plugins)
    if (!plugin.members.empty()) found.sets.sets.push_back(std::move(plugin));
  return found;
}

}  // namespace runner::cli
