#pragma once
// runner plan and --dry-run of a job whose plug-in has no plan of its own.

#include "config/binder.h"
#include "jobs/job_type.h"

namespace runner::cli {

// Prints what it would read and write, from a configuration that was checked. Writes nothing and starts no
// worker. Returns the exit code.
int print_plain_plan(const jobs::JobType& type, const config::Binder& binder, bool json);

}  // namespace runner::cli
