#pragma once
// The quick figures of training (training/alignment.h) over a split of an evaluation, for the model and for
// what needs no training.

#include <vector>

#include "contract/eval_report.h"
#include "five_cat/block.h"
#include "training/alignment.h"
#include "training/baselines/baselines.h"

namespace runner::lvm::five_cat {

class FigureSums {
 public:
  explicit FigureSums(const std::vector<Baseline>& baselines);
  // Over the rows of test C: the first `samples` of the split, whether their article is known or not.
  void add(const Articles& articles, const data::SampleSource& source, const Block& block);
  // The sums, for what adds up those of several blocks. context: T.
  std::vector<double> values() const;
  void set_values(const std::vector<double>& values, std::int64_t context);
  // Everything but the tests.
  void write(SplitReport& out) const;

 private:
  struct Sums {
    double loss = 0, cosine = 0;
    AlignmentSums alignment;
    void add(const torch::Tensor& predictions, const torch::Tensor& contexts, const torch::Tensor& targets);
    ValidationResult result() const;
  };
  const std::vector<Baseline>& baselines_;
  std::vector<Sums> sums_;  // the model's, then the baselines'
};

}  // namespace runner::lvm::five_cat
