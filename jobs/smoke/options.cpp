#include "jobs/smoke/options.h"

#include "jobs/device_keys.h"

namespace runner::jobs {

void declare(config::Binder& b, SmokeOptions& o) {
  b.option("steps", o.steps, "training steps of the small model").range(1, 100000).flag("--steps");
  declare_device(b, o.device, o.device_fallback);
}

std::vector<config::Problem> check(const SmokeOptions&) {
  return {};
}

}  // namespace runner::jobs
