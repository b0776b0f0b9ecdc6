#pragma once
// The best fixed mixture of the context: a weighted mean whose few weights are fitted to the training split.

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "data/samples/samples.h"

namespace runner::lvm {

// Shares [T] (float32, above 0, of sum 1) whose mixture of the context has the highest mean cosine with the
// target over `ids`. Looks at 65,536 of them at most (fewer for contexts above 15, 128 MB in
// all), evenly spaced, and keeps (T+1)² numbers of each.
torch::Tensor fit_shares(const data::SampleSource& samples, const std::vector<std::int64_t>& ids,
                         bool normalize);

}  // namespace runner::lvm
