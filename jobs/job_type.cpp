#include "jobs/job_type.h"

#include <cctype>

#include "config/dump.h"
#include "config/resolve.h"
#include "config/values.h"

namespace runner::jobs {

std::string summary_of(const JobType& type) {
  if (type.summary != nullptr) return type.summary;
  std::string sentence = type.brief;
  sentence[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(sentence[0])));
  return sentence.ends_with('?') ? sentence : sentence + ".";
}

IfTaken if_taken(const JobContext& context) {
  return context.arguments.new_output ? IfTaken::count_on : IfTaken::replace;
}

void fill(JobOptions& options, const Json& values) {
  config::Binder binder;
  options.declare_all(binder);
  config::take_values(binder, values);
}

std::string with_output(JobOptions& options, const Json& values, const std::string& output) {
  config::Binder binder;
  options.declare_all(binder);
  config::take_values(binder, values);
  config::set_field_text(*binder.find("output"), output);
  return config::dump_yaml(binder, false);
}

}  // namespace runner::jobs
