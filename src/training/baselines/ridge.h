#pragma once
// Ridge regression from a whole context to its target: the best that any linear model could do.

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "data/samples/samples.h"

namespace runner::lvm {

constexpr std::int64_t ridge_features = 16384;  // T · D at most: the system has that many rows and columns

// w [T·D, D] that minimises |X·w - Y|² + lambda·|w|² over the samples `ids`, read in pieces. Throws
// UsageError when T · D is too large.
torch::Tensor fit_ridge(const data::SampleSource& samples, const std::vector<std::int64_t>& ids,
                        bool normalize, double lambda);

}  // namespace runner::lvm
