#pragma once
// A job's key `output`, from its text to a name that may be written.

#include <filesystem>
#include <string>
#include <vector>

#include "cli/job_flags.h"

namespace runner::cli {

// Puts name and time where the output says {name} and {timestamp}, and notes in line.arguments that a name
// with the latter is a new one (new_output). `timestamp` may be "{timestamp}" itself: then it stays.
void expand_output(const std::string& name, config::Binder& binder, JobCommandLine& line,
                   const std::string& timestamp);

// Where the job writes, "" for one without an output, or to stdout. {timestamp} may still be in it.
std::string output_of(config::Binder& binder);
bool writes_to_stdout(config::Binder& binder);
// `output` with a time in place of {timestamp}: a name that nothing has yet. Without one it is as it is.
std::string new_name(const std::string& output);

// What forbids to write there (base/output.h), for a job that reads `config_file` and the binder's input
// files; nothing is read or touched. Empty when nothing does, and for jobs without an output.
std::vector<config::Problem> judge_output(const jobs::JobType& type, config::Binder& binder,
                                          const JobCommandLine& line, const std::string& config_file);

// The new folder of a run whose name held {timestamp}: made before the worker starts, so that no other run
// can get it, and named in the configuration. Removed again when the run has left nothing in it.
class NewFolder {
 public:
  // Nothing for other jobs, dry runs and runs that go on in a folder there is. Throws RunError.
  NewFolder(const jobs::JobType& type, config::Binder& binder, const JobCommandLine& line);
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  ~NewFolder();

 private:
  std::filesystem::path folder_;
};

}  // namespace runner::cli
