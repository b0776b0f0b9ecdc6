// train, index, sequences, eval, search, smoke, run and plan: parse, resolve, check, launch.
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <ctime>

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/find_config.h"
#include "cli/job_flags.h"
#include "cli/job_output.h"
#include "cli/old_flags.h"
#include "cli/resolve_job.h"
#include "cli/resume.h"
#include "config/values.h"
#include "worker/launch/launch.h"

namespace runner::cli {
namespace {

// `run` and `plan` take their job from the file.
const jobs::JobType& job_of(int argc, char** argv) {
  const std::string command = argv[0];
  if (const jobs::JobType* type = jobs::find_job(command)) return *type;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-') continue;
    const auto path = find_config(argv[i]);
    return job_named_in(read_config(path), path.string());
  }
  if (argc > 1 && std::strcmp(argv[1], "--help") == 0) return *jobs::find_job("train");
  throw UsageError("expected a CONFIG: runner " + command + " configs/x.yaml", command);
}

Verbosity verbosity_of(const CommonFlags& flags) {
  return flags.quiet ? Verbosity::quiet : flags.verbose ? Verbosity::verbose : Verbosity::normal;
}

}  // namespace

int job_command(int argc, char** argv) {
  const jobs::JobType& type = job_of(argc, argv);
  const std::unique_ptr<jobs::JobOptions> options = type.make();
  config::Binder binder;
  options->declare_all(binder);
  JobCommandLine line;
  if (!parse_job_flags(argc, argv, type, binder, line)) return 0;
  setup_logging(verbosity_of(line.common));
  apply_old_flags(line, binder);
  if (std::strcmp(argv[0], "plan") == 0) line.arguments.dry_run = true;

  const bool resumes = line.arguments.resume == "auto";
  resolve_job(type, *options, binder, line, resumes ? "{timestamp}" : name_time());
  if (resumes) continue_newest_run(binder);
  const NewFolder folder(type, binder, line);

  runtime::LaunchRequest request;
  request.context.job = type.name;
  request.context.values = config::values_of(binder);
  request.context.config = config::dump_yaml(binder, false);
  request.context.config_with_origins = config::dump_yaml(binder, true);
  request.context.arguments = line.arguments;
  request.context.launch.command = pasteable(argc, argv);
  request.context.launch.resume = resume_command(argc, argv);
  request.context.json = line.common.json;
  request.plugin = type.plugin;
  request.parts = type.parts;
  request.environment = options->common().environment;
  request.device = options->device();
  request.verbosity = verbosity_of(line.common);
  request.supervise = !line.common.no_supervise;
  request.explain_env = line.common.explain_env;
  options->refine_launch(request);
  return runtime::launch_job(request);
}

}  // namespace runner::cli
