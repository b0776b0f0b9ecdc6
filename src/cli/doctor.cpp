#include "cli/doctor.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/printable.h"
#include "cli/doctor_plugins.h"
#include "cli/doctor_report.h"
#include "cli/help/command_line.h"

namespace runner::cli {

namespace fs = std::filesystem;
using runtime::ScanResult;
using runtime::Verdict;

namespace {

constexpr const char* about =
    "Which OpenMP runtimes and BLAS thread pools would meet in a process, or do meet; found without "
    "loading.\n\n"
    "Verdicts: none, one (good), slow, mixed (libgomp + LLVM/Intel), duplicate (two LLVM/Intel: aborts).\n\n"
    "Examples:\n"
    "  runner doctor                          the runner's own plug-ins and this machine\n"
    "  runner doctor --tree /opt/runner       another runner's plug-ins, of this system or another\n"
    "  runner doctor .venv                    a Python environment, of this system or another\n"
    "  runner doctor torch_wheel faiss_wheel  folders that one process loads from\n"
    "  runner doctor libx.so plugin.so        files that one process loads\n"
    "  runner doctor --pid 4711               a running process\n"
    "  runner doctor --strict .venv           exit 4 for duplicate and mixed";

struct Request {
  std::vector<std::string> paths;
  int pid = 0;
  bool has_pid = false, strict = false, json = false, quiet = false, verbose = false, no_cache = false;
  std::string root, tree;
};

struct Findings {
  runtime::SetsResult sets;
  std::string before;           // text above the sets: machine or process
  Json extra = Json::object();  // the same for --json
};

runtime::ScanOptions options_of(const Request& request, bool under_bootstrap) {
  runtime::ScanOptions options;
  options.root = request.root.empty() ? fs::path() : fs::absolute(request.root).lexically_normal();
  options.use_cache = !request.no_cache;
  options.cpu_has_avx512 = runtime::cpu_has_avx512();
  options.under_bootstrap = under_bootstrap;
  return options;
}

Findings own_plugins(const Request& request) {
  Findings found;
  PluginFindings plugins = scan_plugins(request.tree, options_of(request, true));
  found.sets = std::move(plugins.sets);
  found.extra["isolate"] = plugins.isolate;
  if (!request.tree.empty()) return found;  // another machine's, perhaps
  const runtime::MachineReport machine = runtime::look_at_machine();
  found.before = report_machine(machine);
  found.extra["machine"] = runtime::to_json(machine);
  return found;
}

Findings process(const Request& request) {
  Findings found;
  const runtime::ProcessView view = runtime::look_at(request.pid);
  found.sets.sets.push_back(runtime::scan_view(view));
  found.sets.worst = found.sets.sets[0].verdict;
  found.before = report_process(view);
  found.extra["process"] = {{"pid", view.pid},
                            {"command", view.command},
                            {"threads", view.threads.total},
                            {"running", view.threads.running},
                            {"thread_names", view.threads.names},
                            {"cores", view.cores},
                            {"environment", runtime::relevant(view.environment)}};
  return found;
}

Findings given_paths(const Request& request) {
  Findings found;
  std::vector<fs::path> paths;
  for (const std::string& path : request.paths) {
    std::error_code error;
    if (!fs::exists(fs::symlink_status(path, error))) throw UsageError("no such file or folder", path);
    paths.emplace_back(path);
  }
  found.sets = runtime::scan_sets(paths, options_of(request, false));
  return found;
}

// A tree with many sets: an overview, then the worst in full; the last of these is the largest.
void print_sets(const runtime::SetsResult& sets) {
  constexpr std::size_t few = 4;
  if (sets.sets.size() <= few) {
    for (const ScanResult& set : sets.sets) say_states(report_set(set) + "\n");
  } else {
    say_states(report_overview(sets.sets) + "\n");
    const auto worst = std::find_if(sets.sets.rbegin(), sets.sets.rend(),
                                    [&](const ScanResult& set) { return set.verdict == sets.worst; });
    say_states(report_set(*worst) + "\n");
  }
  say("{}", wrapped(report_problems(sets.problems, "")));
}

void print(const Findings& found, const Request& request) {
  if (request.json) {
    Json sets = Json::array();
    for (const ScanResult& set : found.sets.sets) sets.push_back(runtime::to_json(set));
    Json all = {{"sets", std::move(sets)},
                {"verdict", runtime::to_string(found.sets.worst)},
                {"warnings", found.sets.problems},
                {"binaries", found.sets.binaries}};
    all.update(found.extra);
    // Paths need not be UTF-8.
    fmt::print("{}\n", json_text(all));
    return;
  }
  if (!request.quiet) {
    if (!found.before.empty()) say("{}\n", wrapped(found.before));
    print_sets(found.sets);
  }
  say_states(wrapped(report_verdict(found.sets.worst, found.sets.sets.size())));
}

CLI::Option* declare(CommandLine& app, Request& request) {
  app.add_option("FILE|DIR", request.paths,
                 "shared objects, programs, or folders; all of them are one process's");
  CLI::Option* pid = app.add_option("--pid", request.pid, "look at a running process");
  app.add_flag("--strict", request.strict, "exit 4 for the verdicts duplicate and mixed");
  app.add_flag("--json", request.json, "one JSON object on stdout");
  app.add_option("--root", request.root, "another system's tree: absolute paths are looked up below it")
      ->type_name("DIR");
  app.add_option("--tree", request.tree,
                 "the plug-ins of another installed runner (where its bin and lib lie)")
      ->type_name("DIR");
  app.add_flag("--no-cache", request.no_cache, "read every file again");
  app.add_flag("--quiet", request.quiet, "the last line only");
  app.add_flag("--verbose", request.verbose, "more log on stderr");
  return pid;
}

Request parse(int argc, char** argv, bool& help_shown) {
  Request request;
  CommandLine app(about, "runner doctor");
  const CLI::Option* pid = declare(app, request);
  help_shown = !app.read(argc, argv);
  if (help_shown) return request;
  request.has_pid = pid->count() > 0;
  if (request.has_pid && !request.paths.empty())
    throw UsageError("takes no files or folders: a process says itself what it has loaded", "--pid");
  if (!request.tree.empty() && (request.has_pid || !request.paths.empty()))
    throw UsageError("takes no files, folders or process beside it", "--tree");
  if (!request.tree.empty() && !fs::is_directory(request.tree)) throw UsageError("no such folder", "--tree");
  if (!request.root.empty() && !fs::is_directory(request.root)) throw UsageError("no such folder", "--root");
  return request;
}

}  // namespace

DescribedCommand describe_doctor_command(const std::string& name) {
  CommandLine app(about, name);
  Request request;
  declare(app, request);
  return app.described();
}

int doctor_command(int argc, char** argv) {
  bool help_shown = false;
  const Request request = parse(argc, argv, help_shown);
  if (help_shown) return 0;
  const Findings found = request.has_pid         ? process(request)
                         : request.paths.empty() ? own_plugins(request)
                                                 : given_paths(request);
  print(found, request);
  return request.strict && found.sets.worst >= Verdict::mixed ? static_cast<int>(ExitCode::environment) : 0;
}

}  // namespace runner::cli
