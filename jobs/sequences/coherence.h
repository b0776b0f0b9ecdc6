#pragma once
// How alike the vectors of a context are: the mean cosine of each with the next.

#include <cstdint>

#include "base/json.h"

namespace runner::jobs {

class Coherence {
 public:
  // Contexts [n, T, D]. Contexts of one vector have none.
  void add(const float* contexts, std::int64_t n, std::int64_t length, std::int64_t width);
  // mean, and the shares below 0.45, within [0.45, 0.55] and above (the bins of 5CAT's test E); null for
  // none.
  Json report() const;
  double mean() const { return count_ > 0 ? sum_ / static_cast<double>(count_) : 0; }

 private:
  double sum_ = 0;
  std::int64_t count_ = 0, low_ = 0, normal_ = 0;
};

}  // namespace runner::jobs
