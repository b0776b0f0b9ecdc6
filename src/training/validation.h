#pragma once
// One pass over the validation split: loss, cosine and the quick alignment figures, of the model or of
// anything else that predicts.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "contract/figures.h"
#include "data/samples/samples.h"
#include "engines/step.h"
#include "ranks/group.h"
#include "training/alignment.h"

namespace runner::lvm {

struct ValidationResult {
  double loss = 0;    // mean over rows of the mean squared error of cos against the target
  double cosine = 0;  // mean over rows
  AlignmentMetrics alignment;
};
Figures figures_of(const ValidationResult& result);

// Contexts [B, T, D] -> predictions [B, D] of length 1, on the contexts' device.
using Predict = std::function<torch::Tensor(const torch::Tensor& contexts)>;

class Validator {
 public:
  // `ids`: the samples that validate. `normalize`: contexts and targets to length 1 first. `group`: ranks
  // that share the work, each with all of the data; the result is the same on all.
  Validator(std::shared_ptr<const data::SampleSource> samples, std::vector<std::int64_t> ids, bool normalize,
            torch::Device device, std::shared_ptr<ranks::Group> group = nullptr);
  ValidationResult run(TrainingStep& step) const;
  // Several predictors over one reading of the data.
  std::vector<ValidationResult> run(const std::vector<Predict>& predictors) const;

  // Whether vectors of articles are at hand, so that there is something to rank targets among.
  bool ranks() const { return !article_rows_.empty(); }

 private:
  struct Group {  // samples ids_[first … end) of one article
    std::int64_t article, first, end;
  };
  // Rows first … end of one article: predictions and sums by predictor.
  void rank(const Group& group, const std::vector<torch::Tensor>& predictions,
            std::vector<AlignmentSums>& sums) const;
  void add_up_over_ranks(std::vector<ValidationResult>& results, std::vector<AlignmentSums>& sums) const;

  std::shared_ptr<const data::SampleSource> samples_;
  std::vector<std::int64_t> ids_;  // by article
  std::vector<Group> groups_;
  std::map<std::int64_t, std::vector<std::int64_t>> article_rows_;  // of the articles that validate
  bool normalize_;
  torch::Device device_;
  std::shared_ptr<ranks::Group> group_;
};

// contexts [n, T, D] and targets [n, D] of these samples, on `device`.
struct Batch {
  torch::Tensor contexts, targets;
};
Batch gather_batch(const data::SampleSource& samples, const std::int64_t* ids, std::int64_t count,
                   bool normalize, const torch::Device& device);

}  // namespace runner::lvm
