#include "cli/pipeline/pipeline_command.h"

#include <unistd.h>

#include <algorithm>

#include "base/json_text.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/progress.h"
#include "cli/find_config.h"
#include "cli/help/command_line.h"
#include "cli/job_command.h"
#include "cli/pipeline/pipeline_run.h"
#include "report/block.h"

namespace runner::cli {
namespace {

constexpr const char* about_pipeline =
    "A pipeline's steps, one after the other; what has not changed is left out.\n\n"
    "A step runs when its configuration, the contents of a file that it reads, its output or the program's "
    "version is not what it was the last time. What was done stands in PIPELINE.lock.json beside the "
    "file.\n\n"
    "Examples:\n"
    "  runner plan configs/pipeline.yaml\n"
    "  runner run configs/pipeline.yaml\n"
    "  runner run configs/pipeline.yaml model --force";

struct PipelineLine {
  PipelineFlags flags;
  std::string config;  // --config
};

void declare(CommandLine& app, PipelineLine& line) {
  app.add_option("CONFIG", line.flags.config,
                 "the pipeline's YAML file (or the short name of a shipped one)");
  app.add_option("STEP", line.flags.steps, "of a pipeline: these steps, and those that they come after");
  app.add_option("--config", line.config, "CONFIG, as a flag")->type_name("FILE");
  app.add_flag("--force", line.flags.force,
               "of a pipeline: run its steps, or the named ones, although nothing changed");
  app.add_flag("--keep-going", line.flags.keep_going,
               "of a pipeline: behind a step that failed, run those that do not come after it");
  const auto add = [&app](const char* flag, bool& value, const char* help) {
    app.add_flag(flag, value, help)->group(common_flags);
  };
  add("--dry-run", line.flags.dry_run, "say what would run and why; run nothing");
  add("--json", line.flags.json, "one JSON object as the last line of stdout");
  add("--quiet", line.flags.quiet, "warnings and errors only");
  add("--verbose", line.flags.verbose, "debug messages too");
}

// Why it is to run, or what came of it.
std::vector<std::string> details_of(const StepReport& step) {
  if (step.state == "runs" || step.state == "waits") return step.reasons;
  std::vector<std::string> parts;
  if (step.state == "done" || step.seconds > 0) parts.push_back(format_duration(step.seconds));
  if (step.exit_code && *step.exit_code != 0) parts.push_back(fmt::format("exit code {}", *step.exit_code));
  if (step.state == "done" || step.state == "unchanged") parts.push_back(step.output);
  return parts;
}

// A line a step: name, state, details, in `width` columns where these allow that.
std::string table_of(const PipelineReport& report, std::size_t width) {
  std::size_t name = 0, state = 0;
  for (const StepReport& step : report.steps) {
    name = std::max(name, step.name.size());
    state = std::max(state, step.state.size());
  }
  report::Block block;
  for (const StepReport& step : report.steps)
    block.add(fmt::format("{:{}}  {:{}}  ", step.name, name, step.state, state), details_of(step));
  return block.text(width);
}

int tell_report(const PipelineReport& report, const PipelineFlags& flags) {
  if (flags.json)
    fmt::print("{}\n", json_text(Json(report)));
  else
    say("{}", table_of(report, report::block_width(STDOUT_FILENO)));
  if (!report.error) return 0;
  say_error("runner: {}: {}; the next `runner run` goes on there\n", report.error->place,
            report.error->message);
  return report.error->code;
}

}  // namespace

int pipeline_command(int argc, char** argv) {
  CommandLine app(about_pipeline, std::string("runner ") + argv[0]);
  PipelineLine line;
  declare(app, line);
  if (!app.read(argc, argv)) return 0;
  PipelineFlags& flags = line.flags;
  if (!line.config.empty()) {  // what stands alone are steps then
    if (!flags.config.empty()) flags.steps.insert(flags.steps.begin(), flags.config);
    flags.config = line.config;
  }
  setup_logging(flags.quiet ? Verbosity::quiet : flags.verbose ? Verbosity::verbose : Verbosity::normal);
  const Pipeline pipeline = read_pipeline(find_config(flags.config));
  PipelineRun run(pipeline, flags);
  const bool only_plan = flags.dry_run || argv[0] == std::string("plan");
  return tell_report(only_plan ? run.plan() : run.run(), flags);
}

DescribedCommand describe_run_command(const std::string& name) {
  CommandLine app(about_pipeline, name);
  PipelineLine line;
  declare(app, line);
  DescribedCommand all = describe_job_command(name);
  for (const DescribedFlag& flag : app.described().flags) {
    const bool known = std::any_of(all.flags.begin(), all.flags.end(), [&](const DescribedFlag& other) {
      return flag.names == other.names && flag.argument == other.argument;
    });
    if (!known) all.flags.push_back(flag);
  }
  return all;
}

}  // namespace runner::cli
