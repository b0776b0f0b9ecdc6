#include "jobs/eval/splits.h"

#include <fstream>
#include <iterator>
#include <numeric>

#include "base/error.h"
#include "config/resolve.h"
#include "data/split.h"
#include "jobs/job_type.h"

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
  if (run && run->data.split_by == "random")
    return data::split_at_random(source, fraction, static_cast<std::uint64_t>(run->seed)).validation;
  return data::split_by_article(source, fraction).validation;
}

}  // namespace

std::optional<TrainOptions> run_of(const std::filesystem::path& model) {
  const auto folder = std::filesystem::is_directory(model) ? model : model.parent_path();
  std::ifstream in(folder / "config.yaml");
  if (!in) return std::nullopt;
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  JobOptionsOf<TrainOptions> options;
  config::Binder binder;
  options.declare_all(binder);
  // Its data may lie elsewhere by now, and may not be needed: splits are opened from what eval names.
  for (const auto& field : binder.fields()) field->must_be_file = field->must_exist = false;
  try {
    config::throw_if_any(config::resolve(binder, text, (folder / "config.yaml").string(), {}));
    return options.options;
  } catch (const Error& error) {
    throw UsageError(std::string("the run's configuration cannot be read: ") + error.what(),
                     (folder / "config.yaml").string());
  }
}

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
  if (o.articles == "validation") {
    split.ids = validation_of(*split.source, o, run, prefix);
  } else {
    split.ids.resize(static_cast<std::size_t>(split.source->size()));
    std::iota(split.ids.begin(), split.ids.end(), 0);
  }
  return split;
}

std::int64_t target_offset(const EvalOptions& options, const std::optional<TrainOptions>& run) {
  for (const auto* split : {&options.val, &options.ood})
    if (split->target_offset) return *split->target_offset;
  return run ? run->data.target_offset : 1;
}

}  // namespace runner::jobs
