#include "jobs/index/options.h"

namespace runner::jobs {
namespace {

std::string expected_search(const std::string& text) {
  const bool digits = !text.empty() && text.size() < 10 && text[0] != '0' &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  return text == "auto" || digits ? "" : "auto or a whole number from 1";
}

}  // namespace

void declare(config::Binder& b, IndexOptions& o) {
  b.option("input.vectors", o.inputs, "vectors file(s), .npz or .npy, one after the other")
      .required()
      .existing_file()
      .flag("--npz");
  b.option("input.normalize", o.normalize, "bring rows to length 1: inner products become cosines");
  b.option("input.ids", o.ids, "name of an integer array that holds the ids; null: row numbers");
  b.option("index.factory", o.factory, "any FAISS factory string: Flat, IVF2048,Flat, HNSW32, IVF2048,PQ64");
  b.option("index.metric", o.metric, "what a score is");
  b.option("index.nprobe", o.nprobe, "inverted lists that a search looks at").range(1, 1e9);
  b.option(
       "index.search", o.search,
       "how much a search looks at, kept in the index: nprobe of inverted lists, efSearch of a graph (HNSW); "
       "auto: the least that reaches verify.min_recall")
      .matches(expected_search)
      .pattern("auto|[1-9][0-9]{0,8}");
  b.option("index.train_sample", o.train_sample, "rows to train with; null: as many as the type needs")
      .range(1, 1e12);
  b.option("index.batch_rows", o.batch_rows, "rows added at a time; Flat is a stream without batches")
      .range(1, 1e8);
  b.option("verify.queries", o.queries, "sampled rows that the new index is searched for").range(1, 1e6);
  b.option("verify.min_self_recall", o.min_self_recall,
           "exact types: share of sampled rows that must find their own score")
      .range(0, 1);
  b.option("verify.min_recall", o.min_recall,
           "approximate types: recall at 10 against exact search that must be reached; null: reported only")
      .range(0, 1);
  b.option("publish.keep", o.keep, "versions kept, the published one included").range(1, 1000);
  b.option("publish.skip_if_unchanged", o.skip_if_unchanged,
           "do nothing when input and settings are the same");
  b.option("publish.keep_shards", o.keep_shards,
           "parts (--shard) stay after --merge has published them as one");
  b.option("publish.if_locked", o.if_locked, "when another rebuild of this index is running");
  b.meaningless("index.nprobe", "index.factory", "Flat");
  b.meaningless("index.search", "index.factory", "Flat");
  b.at_most_one_of({"index.nprobe", "index.search"});
  b.meaningless("verify.min_recall", "index.factory", "Flat");
  b.option("output", o.output, "the index; a link to the published version beside it").flag("--output");
}

std::vector<config::Problem> check(const IndexOptions& o) {
  std::vector<config::Problem> problems;
  if (o.factory.empty()) problems.push_back({"", "index.factory", "is empty; Flat is the exact type"});
  if (o.factory == "Flat" && o.nprobe)
    problems.push_back({"", "index.nprobe", "has no meaning with factory: Flat; leave it out"});
  if (o.factory == "Flat" && o.search)
    problems.push_back(
        {"", "index.search", "has no meaning with factory: Flat, which looks at every row; leave it out"});
  if (o.nprobe && o.search)
    problems.push_back({"", "index.search", "says what index.nprobe says too; give one of them"});
  if (o.tunes() && !o.min_recall)
    problems.push_back({"", "index.search", "auto needs verify.min_recall, the recall that it looks for"});
  if (o.factory == "Flat" && o.min_recall)
    problems.push_back(
        {"", "verify.min_recall", "has no meaning with factory: Flat, which is exact; leave it out"});
  return problems;
}

}  // namespace runner::jobs
