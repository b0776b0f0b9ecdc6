#pragma once
// Options of the smoke job: FAISS and libtorch, a little of each.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/binder.h"
#include "config/common_options.h"

namespace runner::jobs {

struct SmokeOptions : config::CommonOptions {
  std::int64_t steps = 5;               // training steps of the small model
  std::string device = "auto";          // auto | cpu | mps | cuda[:N]
  std::optional<bool> device_fallback;  // default: true for auto, false for a device asked for by name
};

void declare(config::Binder& b, SmokeOptions& o);
std::vector<config::Problem> check(const SmokeOptions& o);

}  // namespace runner::jobs
