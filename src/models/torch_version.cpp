#include "models/torch_version.h"

#include <torch/version.h>

namespace runner::lvm {
std::string torch_version() {
  return TORCH_VERSION;
}
}  // namespace runner::lvm
