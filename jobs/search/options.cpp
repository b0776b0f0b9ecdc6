#include "jobs/search/options.h"

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
  declare_record_output(b, o.format, o.output);
}

std::vector<config::Problem> check(const SearchOptions& o) {
  std::vector<config::Problem> problems;
  check_record_output(o.format, o.output, o.default_output, problems);
  return problems;
}

}  // namespace runner::jobs
