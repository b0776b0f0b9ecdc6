#include "jobs/smoke/options.h"

#include "environment/device_choice.h"

namespace runner::jobs {

void declare(config::Binder& b, SmokeOptions& o) {
  b.option("steps", o.steps, "training steps of the small model").range(1, 100000).flag("--steps");
  b.option("device", o.device, "auto, cpu, mps, cuda or cuda:N")
      .flag("--device")
      .matches([](const std::string& text) {
        return runtime::is_device_name(text) ? "" : "auto, cpu, mps, cuda or cuda:N";
      });
  b.option("device_fallback", o.device_fallback,
           "take another device when the one asked for does not work (default: only for auto)");
}

std::vector<config::Problem> check(const SmokeOptions&) {
  return {};
}

}  // namespace runner::jobs
