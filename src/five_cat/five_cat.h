#pragma once
// 5CAT, the causal alignment test of docs/lvm.md: five tests of one split.

#include <cstdint>
#include <functional>
#include <vector>

#include "contract/eval_report.h"
#include "data/samples/samples.h"
#include "data/samples/target_offset.h"
#include "five_cat/articles.h"
#include "five_cat/predictor.h"
#include "ranks/group.h"
#include "training/baselines/baselines.h"

namespace runner::lvm::five_cat {

struct Options {
  bool legacy = false;          // truth of A and D at k = +1, as the old script has it, instead of k = 0
  std::int64_t samples = 5000;  // rows a test, the first that qualify
  std::int64_t horizon = 5;     // roll-out steps of D
  std::uint64_t seed = 42;      // of C's shuffles
  // Of the model; above 1 only the first roll-out step is well defined.
  std::int64_t target_offset = data::next_vector_offset;
  torch::Tensor shares = {};      // of the weighted mean that the model is compared with; undefined: without
  ranks::Group* group = nullptr;  // whose ranks share the work; all get the same report
};

// A split: which samples of a source, in order.
struct Split {
  const char* name;  // "VAL" or "OOD"
  const data::SampleSource* source;
  std::vector<std::int64_t> ids;
};

// Every key of docs/lvm.md's 5CAT, null where a bin is empty, then the quick figures of the first `samples`
// rows beside those of the baselines. `progress` gets the share of the work that is done, 0
// to 1. Throws DataError when no row is usable in A or in B, RunError when a rank is lost.
SplitReport run(Predictor& predictor, const Articles& articles, const Split& split, const Options& options,
                const std::function<void(double)>& progress = {});

}  // namespace runner::lvm::five_cat
