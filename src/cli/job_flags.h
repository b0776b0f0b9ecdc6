#pragma once
// The command line of a job: flags come from its declared options, so nothing is listed twice.

#include <string>
#include <vector>

#include "config/binder.h"
#include "config/planned.h"
#include "config/resolve.h"
#include "contract/arguments.h"
#include "jobs/job_type.h"

namespace runner::cli {

struct CommonFlags {
  bool json = false, quiet = false, verbose = false, no_supervise = false, explain_env = false,
       dry_run = false;
};

struct JobCommandLine {
  CommonFlags common;
  std::string positional;                   // "" when not given
  bool is_config = false;                   // it names a YAML file, not the value of a key
  std::vector<config::Override> overrides;  // flags, --set, in order of strength
  Arguments arguments;
  // Of a pipeline's step that is looked at before it runs: what the steps before it make. No input is read.
  config::WillBeThere will_be_there;
  std::string old_model, old_version, old_config;  // the old trainer's way to name a run
};

// Throws UsageError. Prints help and returns false for --help.
bool parse_job_flags(int argc, char** argv, const jobs::JobType& type, const config::Binder& binder,
                     JobCommandLine& line);

}  // namespace runner::cli
