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
