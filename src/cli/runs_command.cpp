// runner runs: past runs from their manifests.
#include "cli/runs_command.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "base/error.h"
#include "base/json_file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/progress.h"
#include "cli/help/command_line.h"
#include "cli/runs/list.h"
#include "cli/runs/report.h"
#include "cli/runs/show.h"
#include "cli/runs/upkeep.h"
#include "report/block.h"

namespace runner::cli {
namespace {

void print_json(const Json& json) {
  fmt::print("{}\n", json_text(json));
}

int list_runs(const ListOptions& options, bool json) {
  const auto runs = chosen_runs(options);
  if (json)
    print_json(run_list(runs));
  else if (runs.empty())
    say("no runs under {}\n", options.folder);
  else
    say("{}", run_table(runs, report::block_width(STDOUT_FILENO)));
  return 0;
}

int show_run(const std::string& at, bool json) {
  const PastRun run = read_run(at);
  if (json)
    print_json(run.contents);
  else
    say("{}", run_screen(run));
  return 0;
}

int diff_runs(const std::string& a, const std::string& b, bool json) {
  const Json difference = run_difference(read_run(a), read_run(b));
  if (json)
    print_json(difference);
  else
    say("{}", difference_text(difference));
  return 0;
}

int report_runs(const ReportOptions& options, bool json) {
  const std::filesystem::path page = write_report(options);
  if (json)
    print_json({{"output", page.string()}, {"runs", options.runs}});
  else
    say("{}\n", page.string());
  return 0;
}

// Exit code 3 when a file is not what it was.
int verify_files(const std::string& at, bool json) {
  bool good = true;
  Json files = Json::array();
  const std::vector<Finding> findings = verify_run(read_run(at));
  if (findings.empty()) throw DataError("its manifest tells no files that could be looked at", at);
  for (const Finding& finding : findings) {
    good = good && finding.good;
    files.push_back({{"path", finding.file}, {"good", finding.good}, {"found", finding.what}});
    if (!json)
      say("{}  {}\n", finding.good ? "ok  " : "FAIL",
          finding.file + (finding.good ? "" : ": " + finding.what));
  }
  if (json) print_json({{"run", at}, {"files", files}, {"good", good}});
  return good ? 0 : static_cast<int>(ExitCode::data);
}

int clean_runs(const std::string& folder, std::size_t keep, bool dry_run, bool json) {
  Json removed = Json::array();
  std::uintmax_t bytes = 0;
  for (const PastRun& run : runs_to_remove(folder, keep)) {
    bytes += remove_run(run, dry_run);
    removed.push_back(run.place.string());
    if (!json) say("{} {}\n", dry_run ? "would remove" : "removed", run.place.string());
  }
  if (json)
    print_json({{"runs", removed}, {"bytes", bytes}, {"dry_run", dry_run}});
  else
    say("{} run{}, {}{}\n", removed.size(), removed.size() == 1 ? "" : "s",
        format_bytes(static_cast<double>(bytes)), dry_run ? " (nothing was removed: --dry-run)" : "");
  return 0;
}

constexpr const char* about_runs =
    "Past runs from their manifests.\n\nExamples:\n  runner runs list --job train --sort gain --limit 10\n"
    "  runner runs show artifacts/lvm/models/latest\n"
    "  runner runs diff artifacts/lvm/models/a artifacts/lvm/models/b\n"
    "  runner runs report artifacts/lvm/models/a artifacts/lvm/models/b --output a_and_b.html\n"
    "  runner runs verify artifacts/index/cppdocs_flat_ip.index\n"
    "  runner runs clean --keep 5 --dry-run";

struct RunsLine {
  ListOptions options;
  ReportOptions report;
  std::string folder = "artifacts", run, other, sort = to_word(options.sort);
  bool json = false, dry_run = false;
  std::size_t keep = 0;
};

void add_list(CLI::App& app, ListOptions& options, std::string& sort) {
  app.add_option("DIR", options.folder, "where to look")->type_name("DIR")->capture_default_str();
  app.add_option("--sort", sort, "what the last line has most of")
      ->check(CLI::IsMember(words_of(options.sort)))
      ->capture_default_str();
  app.add_flag("--reverse", options.reverse, "the other way round");
  app.add_option("--job", options.job, "only these: train, index, eval, …");
  app.add_option("--outcome", options.outcome, "only these: finished, interrupted, …");
  app.add_option("--name", options.name, "only those with this in their name or place");
  app.add_option("--limit", options.limit, "the last so many lines")
      ->check(whole_number_from_one, "1 or more");
}

void declare(CommandLine& app, RunsLine& line) {
  app.require_subcommand(1);
  const auto command = [&](const char* name, const char* help) {
    CLI::App* sub = app.add_subcommand(name, help);
    sub->add_flag("--json", line.json, "one JSON object on stdout");
    return sub;
  };
  const auto names_run = [](CLI::App* sub, const char* argument, std::string& run, const char* help) {
    sub->add_option(argument, run, help)->type_name("RUN")->required();
  };
  constexpr const char* what_run =
      "a run's folder, a file that one wrote, a manifest, or an evaluation's report";
  add_list(*command("list", "every run below a folder, the newest last"), line.options, line.sort);
  names_run(command("show", "one run on one screen; --json: its whole manifest"), "DIR", line.run, what_run);
  CLI::App* diff = command("diff", "what tells two runs apart: keys, figures, versions, inputs");
  names_run(diff, "A", line.run, what_run);
  names_run(diff, "B", line.other, "the other one");
  CLI::App* report =
      command("report", "a page of one training with its evaluations, or of several side by side");
  report->add_option("DIR", line.report.runs, "folders of training runs")->type_name("RUN")->required();
  report
      ->add_option("--output", line.report.output,
                   "the page: DIR/report.html of one run without it, runs.html of several")
      ->type_name("FILE");
  report->add_option("--evaluations", line.report.evaluations, "where reports of runner eval are looked for")
      ->type_name("DIR")
      ->capture_default_str();
  names_run(command("verify", "hash a run's inputs again, look at its files; exit 3 when one differs"), "DIR",
            line.run, what_run);
  CLI::App* clean = command("clean", "remove all but the newest training runs of each name");
  clean->add_option("DIR", line.folder, "where to look")->type_name("DIR")->capture_default_str();
  clean->add_option("--keep", line.keep, "runs of each name that stay")
      ->required()
      ->check(whole_number_from_one, "1 or more");
  clean->add_flag("--dry-run", line.dry_run, "say what would go, remove nothing");
}

}  // namespace

DescribedCommand describe_runs_command(const std::string& name) {
  CommandLine app(about_runs, name);
  RunsLine line;
  declare(app, line);
  return app.described();
}

int runs_command(int argc, char** argv) {
  CommandLine app(about_runs, "runner runs");
  RunsLine line;
  declare(app, line);
  if (!app.read(argc, argv)) return 0;
  const std::string action = app.get_subcommands()[0]->get_name();
  if (action == "list") {
    line.options.sort = from_word<RunOrder>(line.sort).value();
    return list_runs(line.options, line.json);
  }
  if (action == "show") return show_run(line.run, line.json);
  if (action == "diff") return diff_runs(line.run, line.other, line.json);
  if (action == "report") return report_runs(line.report, line.json);
  if (action == "verify") return verify_files(line.run, line.json);
  return clean_runs(line.folder, line.keep, line.dry_run, line.json);
}

}  // namespace runner::cli
