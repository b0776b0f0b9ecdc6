#pragma once
// The five tests; C is in ablations.h. Each adds a block's sums; the results are means over all blocks.

#include <array>
#include <cstdint>
#include <vector>

#include "contract/eval_report.h"
#include "five_cat/block.h"

namespace runner::lvm::five_cat {

// Sum and number of values, in double precision.
struct Mean {
  double sum = 0;
  std::int64_t count = 0;
  void add(const torch::Tensor& values);
  double mean() const { return sum / static_cast<double>(count); }
  // Nothing of no values.
  TestFigure value() const { return count == 0 ? TestFigure() : mean(); }
};
// `means` of a test calls `visit` with each Mean that it consists of, in a fixed order.

// A: cosine of the prediction with the vectors about the target.
struct Offsets {
  std::array<Mean, 7> cosine;  // k = -3 … 3
  static void means(auto& self, auto visit) {
    for (auto& mean : self.cosine) visit(mean);
  }
  void add(const Articles& articles, const Block& block);
  void write(NamedList<TestFigure>& out, bool legacy) const;
};

// B: rank of the target within its article.
struct Retrieval {
  Mean first, five, reciprocal;
  static void means(auto& self, auto visit) { visit(self.first), visit(self.five), visit(self.reciprocal); }
  void add(const Articles& articles, const Block& block);
  void write(NamedList<TestFigure>& out) const;
};

// D: roll-out with predictions fed back.
struct Rollout {
  explicit Rollout(std::int64_t horizon) : by_step(static_cast<std::size_t>(horizon)) {}
  std::vector<Mean> by_step;
  static void means(auto& self, auto visit) {
    for (auto& mean : self.by_step) visit(mean);
  }
  void add(Predictor& predictor, const Articles& articles, const Block& block, bool legacy);
  void write(NamedList<TestFigure>& out, std::int64_t target_offset) const;
};

// E: windows of unusually low against normal adjacent similarity.
struct Coherence {
  Mean low, normal;
  static void means(auto& self, auto visit) { visit(self.low), visit(self.normal); }
  void add(const Block& block);
  void write(NamedList<TestFigure>& out) const;
};

}  // namespace runner::lvm::five_cat
