#include "jobs/train/inputs.h"

#include <cmath>
#include <unordered_set>

#include "base/error.h"
#include "base/log.h"
#include "base/status.h"
#include "data/content_hash.h"

namespace runner::jobs {
namespace {

constexpr std::int64_t hashed_at_once = 1024;  // targets gathered at once

data::WindowOptions window_options(const DataOptions& o) {
  data::WindowOptions w;
  w.context = o.context;
  w.target_offset = o.target_offset;
  w.within_article = o.within_article;
  w.exclude_articles = o.exclude_articles;
  w.min_article_length = o.min_article_length;
  return w;
}

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

// Calls f(hash) with a hash of each sample's target vector.
template <class F>
void for_each_target(const data::SampleSource& samples, const std::vector<std::int64_t>& ids, F f) {
  const std::int64_t width = samples.width();
  std::vector<float> targets(static_cast<std::size_t>(hashed_at_once * width));
  for (std::size_t first = 0; first < ids.size(); first += hashed_at_once) {
    const auto count = std::min<std::int64_t>(hashed_at_once, static_cast<std::int64_t>(ids.size() - first));
    samples.gather(ids.data() + first, count, nullptr, targets.data());
    for (std::int64_t i = 0; i < count; ++i) {
      data::ContentHash hash;
      hash.update(targets.data() + i * width, static_cast<std::size_t>(width) * sizeof(float));
      f(hash.value());
    }
  }
}

}  // namespace

TrainInputs open_inputs(const TrainOptions& options, bool check_values) {
  const DataOptions& o = options.data;
  const auto& files = input_files(o);
  status::set_phase("read data");
  TrainInputs inputs;
  inputs.samples = data::open_samples(files, window_options(o));
  const data::SampleSource& samples = *inputs.samples;
  const bool sequences = samples.vectors() == nullptr;
  if (sequences && !o.vectors.empty())
    spdlog::info("{} holds ready sequences: the window keys have no effect", files[0]);
  if (samples.size() == 0)
    throw DataError(
        fmt::format("no window of {} rows and a target {} further fits into any article (shortest usable: {} "
                    "rows); set data.context lower or data.within_article: false",
                    o.context, o.target_offset, o.context + o.target_offset),
        files[0]);
  if (check_values) check_norms(samples.check_values(), o.normalize);
  if (o.split_by == "article" && samples.has_articles()) {
    inputs.split = data::split_by_article(samples, o.split_fraction);
  } else {
    if (o.split_by == "article") spdlog::info("the data tells no articles: windows are split at random");
    inputs.split = data::split_at_random(samples, o.split_fraction, static_cast<std::uint64_t>(options.seed));
  }
  Json list = Json::array();
  for (const std::string& file : files) list.push_back({{"path", file}, {"xxh64", data::hash_file(file)}});
  inputs.record = {{"files", list},
                   {"kind", sequences ? "sequences" : "vectors"},
                   {"width", samples.width()},
                   {"context", samples.context()},
                   {"windows", samples.size()},
                   {"training_windows", inputs.split.training.size()},
                   {"validation_windows", inputs.split.validation.size()},
                   {"articles", inputs.split.articles.size()},
                   {"validation_articles", inputs.split.validation_articles.size()}};
  spdlog::info("{} windows of {} × {}: {} train, {} validate{}", samples.size(), samples.context(),
               samples.width(), inputs.split.training.size(), inputs.split.validation.size(),
               inputs.split.articles.empty()
                   ? ""
                   : fmt::format(" ({} of {} articles)", inputs.split.validation_articles.size(),
                                 inputs.split.articles.size()));
  return inputs;
}

Leaks find_leaks(const TrainOptions& options, const TrainInputs& inputs) {
  Leaks leaks;
  leaks.validation = static_cast<std::int64_t>(inputs.split.validation.size());
  std::unordered_set<std::uint64_t> trained;
  trained.reserve(inputs.split.training.size());
  for_each_target(*inputs.samples, inputs.split.training, [&](std::uint64_t hash) { trained.insert(hash); });
  for_each_target(*inputs.samples, inputs.split.validation,
                  [&](std::uint64_t hash) { leaks.shared_targets += trained.count(hash) != 0 ? 1 : 0; });
  const data::Vectors* vectors = inputs.samples->vectors();
  if (vectors != nullptr && vectors->has_articles() && !options.data.within_article) {
    const data::Windows windows(*vectors, window_options(options.data));
    const auto& articles = vectors->articles();
    for (std::int64_t w = 0; w < windows.size(); ++w)
      leaks.crossing_windows += articles[static_cast<std::size_t>(windows.context_row(w, 0))] !=
                                        articles[static_cast<std::size_t>(windows.target_row(w))]
                                    ? 1
                                    : 0;
  }
  return leaks;
}

void warn_of_leaks(const Leaks& leaks) {
  if (leaks.shared_targets > 0)
    spdlog::warn(
        "{} of {} validation targets are identical to a training target: validation figures flatter by them",
        leaks.shared_targets, leaks.validation);
  if (leaks.crossing_windows > 0)
    spdlog::warn("{} windows cross from one article into another (data.within_article: false)",
                 leaks.crossing_windows);
}

}  // namespace runner::jobs
