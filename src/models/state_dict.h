#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace runner::lvm {

// Parameters and buffers by PyTorch's names, in the order of PyTorch's state_dict(). Shares memory with the
// model.
using StateDict = std::vector<std::pair<std::string, torch::Tensor>>;
StateDict state_dict(const torch::nn::Module& module);

// Copies values in, as load_state_dict(strict=True): throws DataError with `place` naming missing, unexpected
// and wrongly shaped entries.
void load_state_dict(torch::nn::Module& module, const StateDict& values, const std::string& place);

// Number of trainable values.
std::int64_t parameter_count(const torch::nn::Module& module);

}  // namespace runner::lvm
