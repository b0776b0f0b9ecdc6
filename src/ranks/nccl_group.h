#pragma once
// Inside ranks/ only. Ranks on CUDA devices, over NCCL.

#include <memory>

#include "ranks/group.h"

namespace runner::ranks {

// As make_group, for a device of this kind.
std::shared_ptr<Group> make_nccl_group(const GroupOptions& options, const torch::Device& device);

}  // namespace runner::ranks
