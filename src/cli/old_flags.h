#pragma once
// --config FILE, and the old trainer's way to name a run: --model transformer --version p6b --config v23.

#include "cli/job_flags.h"

namespace runner::cli {
// --config FILE becomes the positional CONFIG. Throws UsageError when both are given.
void apply_config_flag(JobCommandLine& line, const config::Binder& binder);
// Sets the positional config (configs/p6b_v23.yaml) and a model.type override from the old flags, when given.
// Throws UsageError when they name no shipped config (with those there are), an unknown model (`binder` knows
// them), or when a CONFIG is given as well.
void apply_old_flags(JobCommandLine& line, const config::Binder& binder);
}  // namespace runner::cli
