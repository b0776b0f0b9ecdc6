#pragma once
// Which samples train and which validate.

#include <cstdint>
#include <vector>

#include "data/samples/samples.h"

namespace runner::data {

struct Split {
  std::vector<std::int64_t> training, validation;  // sample ids, ascending
  std::vector<std::int64_t> articles;              // all that have a sample, sorted; empty at random
  std::vector<std::int64_t> validation_articles;   // the last of them
};

// The articles that have at least one sample, sorted by id; the last ⌊fraction·n⌋ (at least 1) validate.
// Throws DataError when the source tells no articles or has fewer than two.
Split split_by_article(const SampleSource& source, double fraction);
// A seeded permutation; its last ⌊fraction·n⌋ (at least 1) validate. Throws DataError below two samples.
Split split_at_random(const SampleSource& source, double fraction, std::uint64_t seed);

// A permutation of 0 … n-1 that depends on the seed alone, on every platform (Fisher-Yates over SplitMix64).
std::vector<std::int64_t> permutation(std::int64_t n, std::uint64_t seed);

}  // namespace runner::data
