#pragma once
// What steps share whose batch is computed by several ranks, or in several pieces one after the other: the
// loss is that of the whole batch, so that terms over all of it see all of it.

#include <functional>
#include <vector>

#include "engines/gradient_buckets.h"
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

// Forward, loss and backward pass by libtorch's autograd: this process's part of the gradients in
// `gradients`, which the parameters' lie in; buckets, if not null, get them as they become final. `key` goes
// to PartOfBatch, `before_forward` is called before each forward pass of a piece. Returns the loss of the
// whole batch, its total detached.
struct WholePass {
  Model& model;
  const torch::Tensor& gradients;
  torch::Tensor key;
  std::function<void()> before_forward;
  GradientBuckets* buckets = nullptr;
};
LossParts whole_gradients(const StepOptions& options, const StepInput& input, const WholePass& pass);

// The buckets of a step with a group, whose sums begin as gradients become final; null without one.
std::unique_ptr<GradientBuckets> summed_buckets(const StepOptions& options, const Model& model,
                                                const torch::Tensor& gradients);

// Ends the exchange of a step: the gradients' sums are there, `loss` becomes rank 0's figures, so that every
// rank goes the same way from here. Returns the norm of all gradients. With a group only.
double finish_exchange(ranks::Group& group, LossParts& loss);

}  // namespace runner::lvm
