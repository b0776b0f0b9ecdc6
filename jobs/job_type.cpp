#include "jobs/job_type.h"

#include "config/resolve.h"

namespace runner::jobs {

const JobType* find_job(const std::string& name) {
  for (const JobType& type : job_types())
    if (name == type.name) return &type;
  return nullptr;
}

void fill(JobOptions& options, const std::string& resolved_yaml) {
  config::Binder binder;
  options.declare_all(binder);
  // Input files were checked by the launcher; a job reports those that vanish since.
  config::throw_if_any(config::resolve(binder, resolved_yaml, "resolved config", {}));
}

}  // namespace runner::jobs
