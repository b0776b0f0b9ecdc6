// Every vector is hashed once, windows are compared by numbers.
#include "jobs/train/leaks.h"

#include <algorithm>
#include <optional>

#include "base/log.h"
#include "data/content_hash.h"

namespace runner::jobs {
namespace {

using Numbers = std::vector<std::uint64_t>;

void append_hashes(const std::vector<float>& rows, std::int64_t count, std::int64_t width, Numbers& out) {
  for (std::int64_t i = 0; i < count; ++i) {
    data::ContentHash hash;
    hash.update(rows.data() + i * width, static_cast<std::size_t>(width) * sizeof(float));
    out.push_back(hash.value());
  }
}

Numbers hashes_of_rows(const data::Vectors& vectors) {
  constexpr std::int64_t block = 256;  // rows read at once: they stay in the cache
  Numbers hashes;
  hashes.reserve(static_cast<std::size_t>(vectors.rows()));
  std::vector<float> rows(static_cast<std::size_t>(block * vectors.width()));
  std::vector<std::int64_t> places(block);
  for (std::int64_t first = 0; first < vectors.rows(); first += block) {
    const std::int64_t count = std::min(block, vectors.rows() - first);
    for (std::int64_t i = 0; i < count; ++i) places[static_cast<std::size_t>(i)] = first + i;
    vectors.gather(places.data(), count, rows.data());
    append_hashes(rows, count, vectors.width(), hashes);
  }
  return hashes;
}

// T+1 hashes a sample: its context's vectors, then its target's.
Numbers hashes_of_samples(const data::SampleSource& samples) {
  const std::int64_t context = samples.context(), width = samples.width();
  Numbers hashes;
  hashes.reserve(static_cast<std::size_t>(samples.size() * (context + 1)));
  std::vector<float> contexts(static_cast<std::size_t>(context * width)),
      target(static_cast<std::size_t>(width));
  for (std::int64_t id = 0; id < samples.size(); ++id) {
    samples.gather(&id, 1, contexts.data(), target.data());
    append_hashes(contexts, context, width, hashes);
    append_hashes(target, 1, width, hashes);
  }
  return hashes;
}

// Puts 0 … n-1 in the place of n distinct hashes; returns n.
std::size_t number_from_zero(Numbers& hashes) {
  Numbers distinct = hashes;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  for (std::uint64_t& hash : hashes)
    hash = static_cast<std::uint64_t>(std::lower_bound(distinct.begin(), distinct.end(), hash) -
                                      distinct.begin());
  return distinct.size();
}

// Which vector each place of each window holds, as a number that identical
// vectors have in common.
class WindowVectors {
 public:
  WindowVectors(const data::SampleSource& samples, const data::WindowOptions& options)
      : context_(samples.context()) {
    if (const data::Vectors* vectors = samples.vectors()) {
      windows_.emplace(*vectors, options);
      numbers_ = hashes_of_rows(*vectors);
    } else {
      numbers_ = hashes_of_samples(samples);
    }
    distinct_ = number_from_zero(numbers_);
  }

  std::size_t distinct() const { return distinct_; }
  std::int64_t context() const { return context_; }
  std::size_t context_vector(std::int64_t id, std::int64_t j) const {
    return at(windows_ ? windows_->context_row(id, j) : id * (context_ + 1) + j);
  }
  std::size_t target(std::int64_t id) const {
    return at(windows_ ? windows_->target_row(id) : id * (context_ + 1) + context_);
  }

 private:
  std::size_t at(std::int64_t place) const { return numbers_[static_cast<std::size_t>(place)]; }

  std::int64_t context_;
  std::optional<data::Windows> windows_;
  Numbers numbers_;
  std::size_t distinct_ = 0;
};

struct Held {
  std::vector<bool> in_contexts, as_targets;  // by a vector's number

  Held(const WindowVectors& vectors, const std::vector<std::int64_t>& ids)
      : in_contexts(vectors.distinct()), as_targets(vectors.distinct()) {
    for (const std::int64_t id : ids) {
      for (std::int64_t j = 0; j < vectors.context(); ++j) in_contexts[vectors.context_vector(id, j)] = true;
      as_targets[vectors.target(id)] = true;
    }
  }
  bool has(std::size_t vector) const { return in_contexts[vector] || as_targets[vector]; }
};

std::int64_t count_crossing(const data::Vectors& vectors, const data::WindowOptions& options) {
  const data::Windows windows(vectors, options);
  const auto article = [&](std::int64_t row) { return vectors.articles()[static_cast<std::size_t>(row)]; };
  std::int64_t crossing = 0;
  for (std::int64_t w = 0; w < windows.size(); ++w) {
    const std::int64_t target = article(windows.target_row(w));
    std::int64_t j = 0;
    while (j < windows.context() && article(windows.context_row(w, j)) == target) ++j;
    crossing += j < windows.context() ? 1 : 0;
  }
  return crossing;
}

}  // namespace

Leaks find_leaks(const TrainOptions& options, const TrainInputs& inputs) {
  const data::WindowOptions cut = window_options(options.data);
  const WindowVectors vectors(*inputs.samples, cut);
  const Held trained(vectors, inputs.split.training), validated(vectors, inputs.split.validation);
  Leaks leaks;
  leaks.split_at_random = inputs.split.articles.empty();
  leaks.validation = static_cast<std::int64_t>(inputs.split.validation.size());
  for (const std::int64_t id : inputs.split.validation) {
    leaks.shared_targets += trained.as_targets[vectors.target(id)] ? 1 : 0;
    leaks.targets_in_contexts += trained.in_contexts[vectors.target(id)] ? 1 : 0;
  }
  for (std::size_t v = 0; v < vectors.distinct(); ++v) {
    leaks.validation_vectors += validated.has(v) ? 1 : 0;
    leaks.shared_vectors += validated.has(v) && trained.has(v) ? 1 : 0;
  }
  const data::Vectors* rows = inputs.samples->vectors();
  if (rows != nullptr && rows->has_articles() && !options.data.within_article)
    leaks.crossing_windows = count_crossing(*rows, cut);
  return leaks;
}

void warn_of_leaks(const Leaks& leaks) {
  if (leaks.shared_targets > 0)
    spdlog::warn(
        "{} of {} validation targets are identical to a training "
        "target: validation figures flatter by them",
        leaks.shared_targets, leaks.validation);
  if (leaks.shared_vectors > 0)
    spdlog::warn(
        "{} of {} different vectors of the validation windows are in training windows too; {} of {} "
        "validation targets are in a training context{}",
        leaks.shared_vectors, leaks.validation_vectors, leaks.targets_in_contexts, leaks.validation,
        leaks.split_at_random ? " (windows are split at random; data.validation.by: article keeps those of "
                                "an article together)"
                              : "");
  if (leaks.crossing_windows > 0)
    spdlog::warn(
        "{} windows cross from one article into another "
        "(data.within_article: false)",
        leaks.crossing_windows);
}

}  // namespace runner::jobs
