#pragma once
// The base loss of docs/lvm.md: mse, 1 - cosine and the optional terms.

#include "losses/loss.h"

namespace runner::lvm {

// Weighted sum of the terms that are on, differentiable; `options` from complete(). Fills loss_mse and
// optional_terms of `parts`.
torch::Tensor base_loss(const LossOptions& options, const Prediction& prediction,
                        const torch::Tensor& contexts, const torch::Tensor& targets, LossParts& parts);

// The terms, each zero-dimensional. cos, raw, targets [B, D]; contexts [B, T, D].
// mean(1 - cos(pred, target)).
torch::Tensor cosine_distance(const torch::Tensor& cos, const torch::Tensor& targets);
// Both directions' cross entropies of cos·unit(target)ᵀ / temperature, row i belonging to column i.
torch::Tensor info_nce(const torch::Tensor& cos, const torch::Tensor& targets, double temperature);
// Mean squared difference of the batch means, plus that of the unbiased deviations (left out for a single
// row).
torch::Tensor moment_difference(const torch::Tensor& raw, const torch::Tensor& targets);
// mean relu(1 - deviation of cos over the batch); 0 for a single row, which has none.
torch::Tensor variance_shortfall(const torch::Tensor& cos);
// mean relu(margin - (cos(pred, target) - cos(pred, last))).
torch::Tensor directional_hinge(const torch::Tensor& cos, const torch::Tensor& contexts,
                                const torch::Tensor& targets, double margin);
// mean over rows and contexts of relu(margin - (cos(pred, target) - cos(pred, context_i))).
torch::Tensor anti_copy_hinge(const torch::Tensor& cos, const torch::Tensor& contexts,
                              const torch::Tensor& targets, double margin);

}  // namespace runner::lvm
