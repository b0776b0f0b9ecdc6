#pragma once
// What a split's report is made of: the sums of all tests and figures.

#include <vector>

#include "five_cat/ablations.h"
#include "five_cat/five_tests.h"
#include "five_cat/split_figures.h"

namespace runner::lvm::five_cat {

class SplitSums {
 public:
  SplitSums(const Options& options, const std::vector<Baseline>& baselines);

  void add(Predictor& predictor, const Articles& articles, const data::SampleSource& source,
           const Block& block);
  // As numbers, to be added up over blocks. context: T.
  std::vector<double> values() const;
  void set_values(const std::vector<double>& values, std::int64_t context);
  SplitReport report() const;

 private:
  // `visit` gets each Mean of `self`, in a fixed order.
  static void means(auto& self, auto visit);

  const Options& options_;
  Offsets a_;
  Retrieval b_;
  Ablations c_;
  Rollout d_;
  Coherence e_;
  FigureSums figures_;
};

}  // namespace runner::lvm::five_cat
