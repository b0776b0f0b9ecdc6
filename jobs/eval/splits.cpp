#include "jobs/eval/splits.h"

#include <numeric>

#include "base/error.h"
#include "base/log.h"
#include "data/samples/sequence_samples.h"
#include "data/samples/split.h"
#include "data/samples/target_offset.h"
#include "data/samples/window_samples.h"

namespace runner::jobs {

namespace {

// `given`, else the run's, else an error that says what to add.
template <class T>
T known(const std::optional<T>& given, const std::optional<TrainOptions>& run, T DataOptions::*field,
        const std::string& key) {
  if (given) return *given;
  if (run) return run->data.*field;
  throw UsageError("missing: the model has no config.yaml beside it that tells how its windows were cut",
                   key);
}

std::vector<std::int64_t> validation_of(const data::SampleSource& source, const EvalSplitOptions& o,
                                        const std::optional<TrainOptions>& run, const std::string& prefix) {
  const double fraction = known(o.fraction, run, &DataOptions::split_fraction, prefix + ".fraction");
  if (run && run->data.split_by == SplitBy::random)
    return data::split_at_random(source, fraction, static_cast<std::uint64_t>(run->seed)).validation;
  return data::split_by_article(source, fraction).validation;
}

}  // namespace

EvalSplit open_split(const EvalSplitOptions& o, const std::optional<TrainOptions>& run, const char* name) {
  const std::string prefix = name;
  EvalSplit split;
  if (!o.sequences.empty()) {
    split.source = data::open_sequences(o.sequences);
  } else {
    data::WindowOptions windows;
    windows.context = known(o.context, run, &DataOptions::context, prefix + ".context");
    windows.target_offset =
        known(o.target_offset, run, &DataOptions::target_offset, prefix + ".target_offset");
    windows.within_article = o.within_article.value_or(run ? run->data.within_article : true);
    if (run) {
      windows.exclude_articles = run->data.exclude_articles;
      windows.min_article_length = run->data.min_article_length;
    }
    auto vectors = std::make_shared<data::Vectors>(o.vectors);
    vectors->allow_random_access();
    split.source = data::open_windows(std::move(vectors), windows);
  }
  if (o.articles == SplitArticles::validation) {
    split.ids = validation_of(*split.source, o, run, prefix);
  } else {
    split.ids.resize(static_cast<std::size_t>(split.source->size()));
    std::iota(split.ids.begin(), split.ids.end(), 0);
  }
  return split;
}

std::int64_t target_offset(const EvalOptions& options, const std::optional<TrainOptions>& run) {
  for (const auto* split : {&options.val, &options.ood}) {
    if (!split->target_offset) continue;
    if (run && *split->target_offset != run->data.target_offset)
      spdlog::warn("the windows' targets lie {} after the last context vector; the model was trained for {}",
                   *split->target_offset, run->data.target_offset);
    return *split->target_offset;
  }
  return run ? run->data.target_offset : data::next_vector_offset;
}

}  // namespace runner::jobs
