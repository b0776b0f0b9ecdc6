#include "jobs/train/inputs.h"

#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "base/status.h"
#include "data/content_hash.h"

namespace runner::jobs {
namespace {

const std::vector<std::string>& input_files(const DataOptions& o) {
  return o.vectors.empty() ? o.sequences : o.vectors;
}

void check_norms(const data::ValueCheck& check, bool normalize) {
  if (!normalize && (std::fabs(check.mean_norm - 1) > 0.05 || check.min_norm < 0.5 || check.max_norm > 2))
    spdlog::warn(
        "the vectors' lengths are not near 1 (mean {:.3f}, from {:.3f} to {:.3f}); data.normalize: true "
        "would bring "
        "them there",
        check.mean_norm, check.min_norm, check.max_norm);
}

// A figure that early stopping waits for has to be there.
void check_computable(const TrainOptions& options, const data::SampleSource& samples) {
  const auto& metric = options.early_stop.metric;
  const data::Vectors* vectors = samples.vectors();
  const bool ranks = metric && *metric >= lvm::EarlyStopMetric::r_at_1;
  if (!ranks || (vectors != nullptr && vectors->has_articles())) return;
  throw UsageError(
      fmt::format(
          "{} ranks targets among the vectors of their article, and {} {}; take val_loss, val_cosine, gain "
          "or margin",
          to_word(*metric), input_files(options.data)[0],
          vectors == nullptr ? "holds ready windows without them" : "tells no articles"),
      "early_stop.metric");
}

}  // namespace

data::WindowOptions window_options(const DataOptions& o) {
  data::WindowOptions w;
  w.context = o.context;
  w.target_offset = o.target_offset;
  w.within_article = o.within_article;
  w.exclude_articles = o.exclude_articles;
  w.min_article_length = o.min_article_length;
  return w;
}

TrainInputs open_inputs(const TrainOptions& options, bool check_values) {
  const DataOptions& o = options.data;
  const auto& files = input_files(o);
  status::set_phase("read data");
  TrainInputs inputs;
  inputs.watch = data::InputWatch(files);
  inputs.samples = data::open_samples(files, window_options(o));
  const data::SampleSource& samples = *inputs.samples;
  check_computable(options, samples);
  const bool sequences = samples.vectors() == nullptr;
  if (sequences && !o.vectors.empty())
    spdlog::info(
        "{} holds ready sequences, cut already: exclude_articles and min_article_length have no effect",
        files[0]);
  if (samples.size() == 0)
    throw DataError(
        fmt::format("no window of {} rows and a target {} further fits into any article (shortest usable: {} "
                    "rows); set data.context lower or data.within_article: false",
                    o.context, o.target_offset, o.context + o.target_offset),
        files[0]);
  if (check_values) check_norms(samples.check_values(), o.normalize);
  if (o.split_by == SplitBy::article && samples.has_articles()) {
    inputs.split = data::split_by_article(samples, o.split_fraction);
  } else {
    if (o.split_by == SplitBy::article)
      spdlog::info("the data tells no articles: windows are split at random");
    inputs.split = data::split_at_random(samples, o.split_fraction, static_cast<std::uint64_t>(options.seed));
  }
  DataRecord& record = inputs.record;
  std::vector<std::string> hashes;
  for (const std::string& file : files) {
    hashes.push_back(data::hash_file(file));
    record.files.push_back({file, 0, hashes.back()});
  }
  inputs.watch.set_hashes(std::move(hashes));
  const auto count = [](const auto& list) { return static_cast<std::int64_t>(list.size()); };
  record.kind = sequences ? "sequences" : "vectors";
  record.width = samples.width();
  record.context = samples.context();
  record.windows = samples.size();
  record.training_windows = count(inputs.split.training);
  record.validation_windows = count(inputs.split.validation);
  record.articles = count(inputs.split.articles);
  record.validation_articles = count(inputs.split.validation_articles);
  return inputs;
}

}  // namespace runner::jobs
