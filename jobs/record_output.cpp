#include "jobs/record_output.h"

#include "base/log.h"
#include "jobs/voice.h"

namespace runner::jobs {

void declare_record_output(config::Binder& b, std::optional<data::RecordFormat>& format,
                           std::string& output) {
  b.option(
       "format", format,
       "npz, tsv (tab-separated, with a heading), table (for people), jsonl (an object a row, keys as the "
       "arrays' names) or json (a list of them); default: by the output's ending, else npz")
      .flag("--format");
  b.option("output", output,
           "the file to write, - for standard output, where all but npz goes unless a file is named")
      .flag("--output");
}

void check_record_output(const std::optional<data::RecordFormat>& format, const std::string& output,
                         const std::string& default_output, std::vector<config::Problem>& problems) {
  const bool npz = data::record_format(format, output) == data::RecordFormat::npz;
  if (npz && output == data::standard_output)
    problems.push_back({"", "output",
                        "npz cannot be written to standard output; name a file, or give --format table, tsv, "
                        "jsonl or json"});
  else if (npz && !output.ends_with(".npz"))
    problems.push_back(
        {"", "output",
         "'" + output + "' must end in .npz, .tsv, .jsonl or .json (or --format says what it is)"});
  else if (!npz && output.ends_with(".npz") && output != default_output)
    problems.push_back(
        {"", "output",
         "'" + output + "' is no name for " + to_word(*format) + "; let it end in ." + to_word(*format)});
}

RecordOutput record_output(const std::optional<data::RecordFormat>& format, const std::string& output,
                           const std::string& default_output) {
  const data::RecordFormat is = data::record_format(format, output);
  return {is, is != data::RecordFormat::npz && output == default_output ? data::standard_output : output};
}

void tell_made(const JobContext& context, const RecordOutput& output, const std::string& path,
               report::Block block, JobResult& result) {
  if (output.is_stdout()) return tell_header(block);
  block.add("output", {path});
  tell_closing(
      context, [&](std::size_t) { return block; }, result);
}

}  // namespace runner::jobs
