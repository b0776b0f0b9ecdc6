#include "data/samples/split.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace runner::data {
namespace {

std::int64_t validation_share(std::int64_t n, double fraction) {
  const auto share = static_cast<std::int64_t>(std::floor(fraction * static_cast<double>(n)));
  return std::clamp<std::int64_t>(share, 1, n - 1);
}

// SplitMix64 (Steele, Lea, Flood 2014): tiny, and the same everywhere, unlike std::shuffle.
std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t z = state += 0x9E3779B97F4A7C15ull;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ z >> 27) * 0x94D049BB133111EBull;
  return z ^ z >> 31;
}

}  // namespace

std::vector<std::int64_t> permutation(std::int64_t n, std::uint64_t seed) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::size_t i = order.size(); i > 1; --i) {
    // The high half of a 128-bit product: uniform up to 2^-64 · i.
    const auto j = static_cast<std::size_t>(static_cast<unsigned __int128>(next_random(seed)) * i >> 64);
    std::swap(order[i - 1], order[j]);
  }
  return order;
}

Split split_by_article(const SampleSource& source, double fraction) {
  if (!source.has_articles())
    throw DataError(
        "the data tell no articles (article_indices, article_ids or metadata), so it cannot be split by "
        "article; set data.validation.by: random");
  Split split;
  for (std::int64_t i = 0; i < source.size(); ++i)
    if (split.articles.empty() || split.articles.back() != source.article(i))
      split.articles.push_back(source.article(i));
  std::sort(split.articles.begin(), split.articles.end());
  split.articles.erase(std::unique(split.articles.begin(), split.articles.end()), split.articles.end());
  const auto n = static_cast<std::int64_t>(split.articles.size());
  if (n < 2)
    throw DataError("a split by article needs at least 2 articles with windows; the data have " +
                    std::to_string(n));
  split.validation_articles.assign(split.articles.end() - validation_share(n, fraction),
                                   split.articles.end());
  for (std::int64_t i = 0; i < source.size(); ++i)
    (source.article(i) >= split.validation_articles.front() ? split.validation : split.training).push_back(i);
  return split;
}

Split split_at_random(const SampleSource& source, double fraction, std::uint64_t seed) {
  if (source.size() < 2)
    throw DataError("a split needs at least 2 samples; the data have " + std::to_string(source.size()));
  std::vector<std::int64_t> order = permutation(source.size(), seed);
  const auto first = order.end() - validation_share(source.size(), fraction);
  Split split;
  split.training.assign(order.begin(), first);
  split.validation.assign(first, order.end());
  std::sort(split.training.begin(), split.training.end());
  std::sort(split.validation.begin(), split.validation.end());
  return split;
}

}  // namespace runner::data
