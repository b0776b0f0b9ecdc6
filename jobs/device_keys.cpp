#include "jobs/device_keys.h"

#include "environment/device_choice.h"

namespace runner::jobs {

void declare_device(config::Binder& b, std::string& device, std::optional<bool>& fallback) {
  b.option("device", device, "auto, cpu, mps, cuda or cuda:N")
      .flag("--device")
      .matches([](const std::string& text) {
        return runtime::is_device_name(text) ? "" : "auto, cpu, mps, cuda or cuda:N";
      })
      .pattern("auto|cpu|mps|cuda(:[0-9]+)?");
  b.option("device_fallback", fallback,
           "take another device when the one asked for does not work (default: only for auto)");
}

void declare_precision(config::Binder& b, lvm::PrecisionChoice& precision, const std::string& automatic) {
  b.option("precision", precision, "of matrix products; auto: " + automatic).flag("--precision");
}

}  // namespace runner::jobs
