// train, index, sequences, eval, search, smoke, run and plan: parse, resolve, check, launch.
#include "cli/job_command.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <ctime>

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "cli/find_config.h"
#include "cli/job_flags.h"
#include "cli/job_output.h"
#include "cli/launch_ranks.h"
#include "cli/old_flags.h"
#include "cli/pipeline/pipeline.h"
#include "cli/pipeline/pipeline_command.h"
#include "cli/plain_plan.h"
#include "cli/resolve_job.h"
#include "cli/resume.h"
#include "config/dump.h"
#include "config/values.h"
#include "jobs/registry.h"
#include "ranks/speaker.h"
#include "worker/launch/launch.h"

namespace runner::cli {
namespace {

// The CONFIG of a line whose flags are not known yet: --config's, else the first YAML file, else the first
// word without a dash. "" for none.
std::string config_among(int argc, char** argv) {
  std::string first;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word.starts_with("--config=")) return word.substr(9);
    if (word == "--config" && i + 1 < argc) return argv[i + 1];
    if (word.starts_with('-')) continue;
    if (word.ends_with(".yaml") || word.ends_with(".yml")) return word;
    if (first.empty()) first = word;
  }
  return first;
}

// `run` and `plan` take their job from the file.
const jobs::JobType& job_of(int argc, char** argv) {
  const std::string command = argv[0];
  if (const jobs::JobType* type = jobs::find_job(command)) return *type;
  if (const std::string name = config_among(argc, argv); !name.empty()) {
    const auto path = find_config(name);
    return job_named_in(read_config(path), path.string());
  }
  for (int i = 1; i < argc; ++i)
    if (std::strcmp(argv[i], "--help") == 0 || std::strcmp(argv[i], "-h") == 0)
      return *jobs::find_job("train");
  throw UsageError("expected a CONFIG: runner " + command + " configs/x.yaml", command);
}

// `run` or `plan` of a file that names steps.
bool takes_a_pipeline(int argc, char** argv) {
  const std::string name = jobs::find_job(argv[0]) == nullptr ? config_among(argc, argv) : "";
  return !name.empty() && is_pipeline(find_config(name));
}

Verbosity verbosity_of(const CommonFlags& flags) {
  return flags.quiet ? Verbosity::quiet : flags.verbose ? Verbosity::verbose : Verbosity::normal;
}

// Each rank gets this command line, and the run's folder as it was made here.
RanksLaunch ranks_launch(int argc, char** argv, const jobs::JobType& type, int count,
                         const JobCommandLine& line, jobs::JobOptions& options, config::Binder& binder) {
  RanksLaunch launch;
  launch.count = count;
  launch.arguments.assign(argv, argv + argc);
  if (type.output == OutputKind::folder) {  // made here
    launch.arguments.insert(launch.arguments.end(), {"--output", config::field_text(*binder.find("output"))});
    launch.checkpoints = true;
    launch.resumes = line.arguments.resume.has_value();
  }
  launch.json = line.common.json;
  launch.restarts = options.common().environment.restarts;
  launch.rank_timeout = options.common().environment.rank_timeout;
  return launch;
}

}  // namespace

int job_command(int argc, char** argv) {
  if (takes_a_pipeline(argc, argv)) return pipeline_command(argc, argv);
  const jobs::JobType& type = job_of(argc, argv);
  const std::unique_ptr<jobs::JobOptions> options = type.make();
  config::Binder binder;
  options->declare_all(binder);
  JobCommandLine line;
  if (!parse_job_flags(argc, argv, type, binder, line)) return 0;
  if (std::strcmp(argv[0], "plan") == 0) line.arguments.dry_run = true;
  const RanksWanted ranks = ranks_wanted(type, line);
  setup_logging(verbosity_of(line.common));
  if (ranks.follows()) ranks::say_errors_only(*ranks.place);
  apply_config_flag(line, binder);
  apply_old_flags(line, binder);

  const bool resumes = line.arguments.resume == "auto";
  resolve_job(type, *options, binder, line, resumes ? "{timestamp}" : name_time());
  if (ranks.follows()) line.arguments.new_output = false;  // rank 0 has the files
  if (resumes && !ranks.follows()) continue_newest_run(binder);
  if (line.arguments.dry_run && !type.plans) return print_plain_plan(type, binder, line.common.json);
  const NewFolder folder(type, binder, line);
  if (ranks.start > 0)
    return launch_ranks(ranks_launch(argc, argv, type, ranks.start, line, *options, binder));

  runtime::LaunchRequest request;
  request.context.job = type.name;
  request.context.values = config::values_of(binder);
  request.context.config = config::dump_yaml(binder, false);
  request.context.config_with_origins = config::dump_yaml(binder, true);
  request.context.arguments = line.arguments;
  request.context.launch.command = pasteable(argc, argv);
  request.context.launch.resume = resume_command(argc, argv);
  request.context.json = line.common.json && !ranks.follows();
  request.plugin = type.plugin;
  request.parts = type.parts;
  request.environment = options->common().environment;
  if (ranks.place && ranks.place->size > 1) {
    if (request.environment.restarts > 0 && ranks.place->source != "--nproc")
      spdlog::info("environment.restarts: {} starts these ranks again, all of them{}", ranks.place->source,
                   type.output == OutputKind::folder ? ", with --resume" : "");
    request.environment.restarts = 0;  // one rank alone cannot go on
  }
  request.device = options->device();
  request.verbosity = verbosity_of(line.common);
  request.supervise = !line.common.no_supervise;
  request.explain_env = line.common.explain_env;
  options->refine_launch(request);
  return runtime::launch_job(request);
}

}  // namespace runner::cli
