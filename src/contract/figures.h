#pragma once
// Figures of a split, of a model or of what needs no training. What each says and what a good value is:
// docs/metrics.md.

#include <optional>
#include <string>
#include <vector>

#include "contract/fields.h"

namespace runner {

// Retrieval is empty where no row could be ranked: no vectors of its article are at hand.
struct Figures {
  double val_loss = 0;                   // mean over rows of the mean squared error of unit vectors
  double val_cosine = 0;                 // mean over rows
  double margin = 0;                     // mean cos(pred, target) - mean cos(pred, last)
  std::optional<double> r_at_1, r_at_5;  // among all vectors of the target's article
  std::optional<double> new_r_at_1, new_r_at_5, new_mrr;  // among those of them that are not in the context
  double legacy_r5 = 0;                                   // among the context's vectors and the target

  static void fields(auto& self, auto& field) {
    field("val_loss", self.val_loss);
    field("val_cosine", self.val_cosine);
    field("margin", self.margin);
    field("r_at_1", self.r_at_1);
    field("r_at_5", self.r_at_5);
    field("new_r_at_1", self.new_r_at_1);
    field("new_r_at_5", self.new_r_at_5);
    field("new_mrr", self.new_mrr);
    field("legacy_r5", self.legacy_r5);
  }
};

// What a random order would reach.
struct ChanceLevels {
  std::optional<double> r_at_1, r_at_5, new_r_at_1, new_r_at_5;
  double legacy_r5 = 0;

  static void fields(auto& self, auto& field) {
    field("r_at_1", self.r_at_1);
    field("r_at_5", self.r_at_5);
    field("new_r_at_1", self.new_r_at_1);
    field("new_r_at_5", self.new_r_at_5);
    field("legacy_r5", self.legacy_r5);
  }
};

// The baselines' figures on a split.
struct BaselineFigures {
  NamedList<Figures> figures;  // copy_last, context_mean, …
  std::string best;            // the name with the highest cosine
  ChanceLevels chance;
  std::vector<float> shares;  // of weighted_mean, [T]
  double best_cosine = 0;
  double seconds = 0;  // that all this took

  double gain(double val_cosine) const { return val_cosine - best_cosine; }

  static void fields(auto& self, auto& field) {
    field("baselines", self.figures);
    field("best_baseline", self.best);
    field("chance", self.chance);
    field("weighted_mean_shares", self.shares);
  }
};

}  // namespace runner
