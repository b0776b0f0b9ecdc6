#pragma once
// A job's configuration, from its file and command line, checked; shared by the jobs and `runner config`.

#include <string>

#include "cli/job_flags.h"

namespace runner::cli {

// `job:` of a file that names steps, each a job of its own (cli/pipeline).
inline constexpr const char* pipeline_job = "pipeline";

// The job that a config's `job:` names. Throws UsageError with the place.
const jobs::JobType& job_named_in(const std::string& text, const std::string& file);

// Reads the file that line.positional names (none for jobs without one) and the overrides into `options`,
// fills in the name and {name}, {timestamp} of the output, and throws one UsageError that lists every
// problem.
void resolve_job(const jobs::JobType& type, jobs::JobOptions& options, config::Binder& binder,
                 JobCommandLine& line, const std::string& timestamp);

}  // namespace runner::cli
