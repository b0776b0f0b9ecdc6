#pragma once
// Content hashes of input files, remembered by size, modification time and inode.

#include <string>
#include <vector>

#include "contract/input_record.h"

namespace runner::ann {

// Reads only files that changed since the last call, from
// any process. Throws DataError.
std::vector<InputRecord> input_hashes(const std::vector<std::string>& paths);

}  // namespace runner::ann
