#include "jobs/job_type.h"

#include "config/resolve.h"

namespace runner::jobs {

const JobType* find_job(const std::string& name) {
  for (const JobType& type : job_types())
    if (name == type.name) return &type;
  return nullptr;
}

IfTaken if_taken(const JobContext& context) {
  return context.arguments.value("new_output", false) ? IfTaken::count_on : IfTaken::replace;
}

namespace {

void resolve(config::Binder& binder, JobOptions& options, const std::string& resolved_yaml) {
  options.declare_all(binder);
  // Input files were checked by the launcher; a job reports those that vanish since.
  config::throw_if_any(config::resolve(binder, resolved_yaml, "resolved config", {}));
}

}  // namespace

void fill(JobOptions& options, const std::string& resolved_yaml) {
  config::Binder binder;
  resolve(binder, options, resolved_yaml);
}

std::string with_output(JobOptions& options, const std::string& resolved_yaml, const std::string& output) {
  config::Binder binder;
  resolve(binder, options, resolved_yaml);
  config::set_field_text(*binder.find("output"), output);
  return config::dump_yaml(binder, false);
}

}  // namespace runner::jobs
