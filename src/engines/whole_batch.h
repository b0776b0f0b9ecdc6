#pragma once
// What steps share whose batch is computed by several ranks, or in several pieces one after the other: the
// loss is that of the whole batch, so that terms over all of it see all of it.

#include <vector>

#include "engines/step.h"
#include "ranks/group.h"

namespace runner::lvm {

// This process's rows of a batch of `rows`, and the pieces that it computes them in: rows of the batch.
struct WholeBatch {
  struct Piece {
    std::int64_t first = 0, count = 0;
  };
  std::int64_t rows = 0;
  ranks::Share share;
  std::vector<Piece> pieces;  // none without rows
};
WholeBatch whole_batch(const StepOptions& options, std::int64_t rows);

// mine [share.count, D] -> [rows, D] of all ranks, to be differentiated.
torch::Tensor predictions_of_all(const StepOptions& options, const WholeBatch& batch,
                                 const torch::Tensor& mine);

// Ends the exchange of a step: the gradients' sums are there, `loss` becomes rank 0's figures, so that every
// rank goes the same way from here. Returns the norm of all gradients. With a group only.
double finish_exchange(ranks::Group& group, LossParts& loss);

}  // namespace runner::lvm
