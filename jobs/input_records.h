#pragma once
// A job's input files, for its manifest.

#include <string>
#include <vector>

#include "contract/input_record.h"

namespace runner::jobs {

// Reads and hashes each. Throws DataError.
std::vector<InputRecord> input_records(const std::vector<std::string>& paths);

}  // namespace runner::jobs
