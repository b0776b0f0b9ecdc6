#pragma once
#include <string>

namespace runner::lvm {
// "1.13.1": of the libtorch that this was compiled with.
std::string torch_version();
}  // namespace runner::lvm
