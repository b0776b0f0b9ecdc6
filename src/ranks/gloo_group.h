#pragma once
// Inside ranks/ only. Ranks on CPUs, over Gloo.

#include <memory>

#include "ranks/group.h"

namespace runner::ranks {

// As make_group, for a device of this kind.
std::shared_ptr<Group> make_gloo_group(const GroupOptions& options);

}  // namespace runner::ranks
