#include "base/version.h"

namespace runner {
const char* version() {
  return RUNNER_VERSION;
}
}  // namespace runner
