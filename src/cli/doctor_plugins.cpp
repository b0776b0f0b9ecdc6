#include "cli/doctor_plugins.h"

#include <algorithm>
#include <map>

#include "jobs/registry.h"
#include "openmp_scan/verdict/policy.h"
#include "worker/launch/paths.h"

namespace runner::cli {

namespace fs = std::filesystem;
using runtime::Action;
using runtime::ScanResult;
using runtime::Verdict;

namespace {

// A tree's plug-in, under the name that its system gives it; one that is not there under this system's.
fs::path plugin_in(const fs::path& tree, const std::string& name) {
  if (tree.empty()) return runtime::plugin_path(name);
  const fs::path installed = tree / "lib" / "runner";
  const fs::path folder = fs::is_directory(installed) ? installed : tree;
  for (const char* suffix : {".so", ".dylib"})
    if (fs::path file = folder / (name + suffix); fs::exists(file)) return file;
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
  std::map<std::string, ScanResult> plugins;  // nothing in it of one that is not there
  for (const std::string& name : jobs::all_plugins()) {
    ScanResult& plugin = plugins[name];
    const fs::path file = plugin_in(tree, name);
    if (!fs::exists(file)) {
      found.sets.problems.push_back(file.string() + ": this plug-in is not there");
      continue;
    }
    plugin = runtime::scan({file}, options);
    found.sets.worst = std::max(found.sets.worst, plugin.verdict);
    found.sets.binaries += plugin.files;
  }
  Action worst = Action::run;
  for (const jobs::JobType& job : jobs::job_types()) {
    if (job.parts.empty()) continue;
    ScanResult& whole = plugins[job.plugin];
    Verdict inside = Verdict::none;
    for (const runtime::Part& part : job.parts) inside = std::max(inside, plugins[part.plugin].verdict);
    const Action action =
        runtime::decide(runtime::Policy::isolate, inside, whole.verdict, whole.from_preload);
    worst = std::max(worst, action);
    if (action == Action::separate)
      whole.advice.push_back(std::string("the runner keeps them apart: ") + job.name +
                             "'s parts run in separate workers (environment.openmp: isolate)");
  }
  found.isolate = to_word(worst);
  for (const std::string& name : jobs::all_plugins())
    if (ScanResult& plugin = plugins[name]; !plugin.members.empty())
      found.sets.sets.push_back(std::move(plugin));
  return found;
}

}  // namespace runner::cli
