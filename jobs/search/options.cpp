#include "jobs/search/options.h"

namespace runner::jobs {

void declare(config::Binder& b, SearchOptions& o) {
  b.option("index", o.index, "the index file: what `runner index` or FAISS wrote").required().existing_file();
  b.option("queries", o.queries, "vectors file(s) with the queries, .npz or .npy")
      .required()
      .existing_file()
      .flag("--queries");
  b.option("k", o.k, "neighbours a query").range(1, 1e6).flag("--k");
  b.option("normalize", o.normalize, "bring the queries to length 1 first");
  b.option("output", o.output, "the .npz to write: ids int64, scores float32, [queries, k]").flag("--output");
}

std::vector<config::Problem> check(const SearchOptions& o) {
  std::vector<config::Problem> problems;
  if (!o.output.ends_with(".npz")) problems.push_back({"", "output", "'" + o.output + "' must end in .npz"});
  return problems;
}

}  // namespace runner::jobs
