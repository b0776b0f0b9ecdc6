#pragma once
// Inside ranks/ only. Ranks on CUDA devices, over NCCL.

#include <memory>
#include <string>

#include "ranks/group.h"

namespace runner::ranks {

// As gpu_of and make_group, for a device of this kind.
std::string nccl_gpu_of(const torch::Device& device);
std::shared_ptr<Group> make_nccl_group(const GroupOptions& options, const torch::Device& device);

}  // namespace runner::ranks
