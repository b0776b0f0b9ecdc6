#include "jobs/search/options.h"

#include <filesystem>

#include "jobs/record_output.h"

namespace runner::jobs {

void declare(config::Binder& b, SearchOptions& o) {
  b.option("index", o.index,
           "the index file: what `runner index` or FAISS wrote; or the folder of an index's parts")
      .required()
      .existing_path();
  b.option("queries", o.queries, "vectors file(s) with the queries, .npz or .npy")
      .required()
      .existing_file()
      .flag("--queries");
  b.option("k", o.k, "neighbours a query").range(1, 1e6).flag("--k");
  b.option("normalize", o.normalize, "bring the queries to length 1 first");
  b.option("titles", o.titles,
           "what the rows are called, shown beside the neighbours' ids: a text file with a title a line, "
           "FILE.npy, FILE.npz (its array titles), FILE.npz:ARRAY, or an array's name in the files that the "
           "index was built from")
      .flag("--titles");
  declare_record_output(b, o.format, o.output);
}

std::vector<config::Problem> check(const SearchOptions& o) {
  std::vector<config::Problem> problems;
  check_record_output(o.format, o.output, o.default_output, problems);
  if (o.titles && data::record_format(o.format, o.output) == data::RecordFormat::npz)
    problems.push_back(
        {"", "titles",
         "are for text, and the neighbours go to an npz; give --format table, tsv, jsonl or json"});
  std::error_code error;
  if (o.titles && std::filesystem::equivalent(*o.titles, o.output, error))
    problems.push_back({"", "output", "is the file that the titles are read from"});
  return problems;
}

}  // namespace runner::jobs
