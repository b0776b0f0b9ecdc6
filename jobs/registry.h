#pragma once

#include <string>
#include <vector>

#include "jobs/job_type.h"

namespace runner::jobs {

// All jobs, in the order that --help shows.
const std::vector<JobType>& job_types();
const JobType* find_job(const std::string& name);  // nullptr when unknown
// Every plug-in once, in the order of the jobs.
std::vector<std::string> all_plugins();

}  // namespace runner::jobs
