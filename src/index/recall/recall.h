#pragma once
// Inside index/ only: how many of the true neighbours a search by FAISS finds.

#include <faiss/Index.h>

#include "index/exact_search/exact_search.h"
#include "index/recall/sample.h"

namespace runner::ann {

struct Recall {
  double at_10 = 0;  // share of the ten nearest; by score: an equal row counts as found
  double self = 0;   // share of sampled rows that find their own score
};

class RecallTest {
 public:
  // Finds the sample's true neighbours; both must outlive this. Throws Interrupted.
  RecallTest(const InputRows& input, Metric metric, const Sample& sample);
  // Of an index whose ids are the input's row numbers, searched as it stands. Throws what FAISS throws.
  Recall of(const faiss::Index& index) const;

 private:
  const InputRows& input_;
  Metric metric_;
  const Sample& sample_;
  Neighbours exact_;
};

}  // namespace runner::ann
