#pragma once
// Content hashes of input files, remembered by size, modification time and inode.

#include <string>
#include <vector>

#include "base/json.h"

namespace runner::ann {

// For the manifest: [{"path", "bytes", "xxh64"}]. Reads only files that changed since the last call, from
// any process. Throws DataError.
Json input_hashes(const std::vector<std::string>& paths);

}  // namespace runner::ann
