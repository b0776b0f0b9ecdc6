#pragma once
// The k nearest rows of one query so far. Of equal scores the lower row number is nearer, so results do not
// depend on how the rows were dealt out to threads. A score that is no number is no neighbour.

#include <cstdint>
#include <vector>

#include "index/build/metric.h"

namespace runner::ann {

struct Candidate {
  float score;
  std::int64_t row;
};

class TopK {
 public:
  TopK(Metric metric, std::int64_t k) : metric_(metric), k_(static_cast<std::size_t>(k)) {}

  // Offers scores [count] of the rows from `first` on. Rows must come in ascending order.
  void offer(const float* scores, std::int64_t count, std::int64_t first);
  void offer(Candidate candidate);

  bool full() const { return heap_.size() == k_; }
  float worst() const { return heap_.front().score; }  // of a full one; k is 1 or more

  // Nearest first, padded to k with row -1 and FAISS's worst score, as FAISS pads. Call once, at the end.
  void write(float* scores, std::int64_t* rows);
  const std::vector<Candidate>& candidates() const { return heap_; }

 private:
  bool before(const Candidate& a, const Candidate& b) const {
    return a.score != b.score ? nearer(metric_, a.score, b.score) : a.row < b.row;
  }
  Metric metric_;
  std::size_t k_;
  std::vector<Candidate> heap_;  // the worst on top
};

// Of scores [count] the first place with scores[i] beyond `limit` (greater, or smaller for L2); count when
// none.
std::int64_t find_nearer(Metric metric, const float* scores, std::int64_t count, float limit);
std::int64_t find_nearer_plain(Metric metric, const float* scores, std::int64_t count, float limit);

}  // namespace runner::ann
