#pragma once
// An earlier run's state in the way of a start from the beginning.

#include <filesystem>
#include <optional>

#include "contract/manifest.h"

namespace runner::jobs {

// An earlier run's checkpoints would be taken for the new run's. Those of a finished run are removed. Those
// of an unfinished one are moved to checkpoints.old, checkpoints.old_2, … with the files that a resume goes
// on writing, and a warning tells how to go on with that run instead. `manifest` is the earlier run's.
void set_checkpoints_aside(const std::filesystem::path& folder, const std::optional<Manifest>& manifest);

// Before a resume: when checkpoints/ was set aside once and moved back, its run's other files come back too.
void bring_back(const std::filesystem::path& folder);

}  // namespace runner::jobs
