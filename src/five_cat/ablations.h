#pragma once
// Test C: what the model loses when its context is damaged.

#include <cstdint>

#include "contract/eval_report.h"
#include "five_cat/block.h"
#include "five_cat/five_tests.h"
#include "five_cat/predictor.h"

namespace runner::lvm::five_cat {

// Change of cos(prediction, target) when the context is damaged.
struct Ablations {
  Mean shuffled, reverse, loo_avg, repeat_pad, cross_article;
  static void means(auto& self, auto visit) {
    for (auto* mean : {&self.shuffled, &self.reverse, &self.loo_avg, &self.repeat_pad, &self.cross_article})
      visit(*mean);
  }
  void add(Predictor& predictor, const Block& block, std::uint64_t seed);
  void write(NamedList<TestFigure>& out) const;
};

}  // namespace runner::lvm::five_cat
