#pragma once
// Which device libtorch can really compute on.

#include "jobs/smoke/options.h"
#include "runtime/device_choice.h"

namespace runner::jobs {

// Tries what the options ask for with a small product; auto goes through mps, cuda, cpu.
runtime::DeviceChoice choose_torch_device(const SmokeOptions& options);

}  // namespace runner::jobs
