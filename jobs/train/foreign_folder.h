#pragma once
#include <filesystem>

namespace runner::jobs {

// Refuses a folder in which files with the names that training writes are not of a run. Looks only. Throws
// UsageError.
void refuse_foreign_folder(const std::filesystem::path& folder);

}  // namespace runner::jobs
