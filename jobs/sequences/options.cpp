#include "jobs/sequences/options.h"

#include "base/error.h"

namespace runner::jobs {

data::WindowOptions window_options(const SequencesOptions& o) {
  return {o.context, o.target_offset, o.within_article, o.exclude_articles, o.min_article_length};
}

void declare(config::Binder& b, SequencesOptions& o) {
  b.option("input.vectors", o.inputs,
           "vectors file(s), .npz or .npy, one after the other; or sequences to convert")
      .required()
      .existing_file()
      .flag("--npz")
      .flag("--input");
  b.option("method", o.method, "what a context is: the rows before the target, or the most similar ones");
  b.option("context", o.context, "vectors a context").range(1, 1000).flag("--context-size");
  b.option("target_offset", o.target_offset, "window: the target is this many rows after the last; 2 is P6")
      .range(1, 1000);
  b.option("within_article", o.within_article, "samples stay inside one article; false: as the old tools");
  b.option("exclude_articles", o.exclude_articles, "articles left out: \"1500-1999\" or \"7\"");
  b.option("min_article_length", o.min_article_length, "articles of fewer rows are left out").range(0, 1e12);
  b.option("compress", o.compress, "deflate the output: smaller and much slower");
  b.option("legacy_metadata", o.legacy_metadata, "also write the pickled metadata that the old tools read")
      .flag("--legacy-metadata");
  b.option("output", o.output, "the .npz to write").flag("--output").pattern(".*\\.npz");
}

std::vector<config::Problem> check(const SequencesOptions& o) {
  std::vector<config::Problem> problems;
  try {
    data::parse_article_ranges(o.exclude_articles);
  } catch (const UsageError& error) {
    problems.push_back({"", "exclude_articles", error.what()});
  }
  if (o.method == SequenceMethod::neighbors && o.target_offset != 1)
    problems.push_back({"", "target_offset", "has no meaning with method: neighbors; leave it out"});
  if (!o.output.ends_with(".npz")) problems.push_back({"", "output", "'" + o.output + "' must end in .npz"});
  return problems;
}

}  // namespace runner::jobs
