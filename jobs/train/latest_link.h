#pragma once

#include <filesystem>

namespace runner::jobs {

// Makes `latest`, beside the run's folder, a link to it. A convenience: whatever stands in its way (a file, a
// folder, somebody else's link, a folder that cannot be written) is left alone, with a warning.
void point_latest_to(const std::filesystem::path& folder);

}  // namespace runner::jobs
