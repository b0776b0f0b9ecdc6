#pragma once
// The keys of every job that computes with libtorch: where, and with which products.

#include <optional>
#include <string>

#include "config/binder.h"
#include "engines/engine_choice.h"

namespace runner::jobs {

// `device` and `device_fallback`.
void declare_device(config::Binder& b, std::string& device, std::optional<bool>& fallback);
// `precision`; `automatic`: what auto means for this job.
void declare_precision(config::Binder& b, lvm::PrecisionChoice& precision, const std::string& automatic);

}  // namespace runner::jobs
