#pragma once
// `format` and `output` of the jobs whose result is a list of rows.

#include <optional>
#include <string>
#include <vector>

#include "config/binder.h"
#include "contract/job.h"
#include "data/formats/records/record_writer.h"
#include "report/block.h"

namespace runner::jobs {

// The output's default is the name of an npz; text goes to standard output in its place.
void declare_record_output(config::Binder& b, std::optional<data::RecordFormat>& format, std::string& output);
void check_record_output(const std::optional<data::RecordFormat>& format, const std::string& output,
                         const std::string& default_output, std::vector<config::Problem>& problems);

// Both decided.
struct RecordOutput {
  data::RecordFormat format = data::RecordFormat::npz;
  std::string path;
  bool is_stdout() const { return path == data::standard_output; }
};
RecordOutput record_output(const std::optional<data::RecordFormat>& format, const std::string& output,
                           const std::string& default_output);

// What was made, `block`, and where, `path`: a job's closing block, or a block of the log where the rows
// themselves went to stdout.
void tell_made(const JobContext& context, const RecordOutput& output, const std::string& path,
               report::Block block, JobResult& result);

}  // namespace runner::jobs
