#pragma once

#include <string>
#include <vector>

#include "jobs/job_type.h"

namespace runner::jobs {

// All jobs, in the order that --help shows.
const std::vector<JobType>& job_types();
const JobType* find_job(const std::string& name);  // nullptr when unknown

}  // namespace runner::jobs
