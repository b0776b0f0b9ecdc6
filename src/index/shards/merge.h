#pragma once
// Parts of an index made one.

#include <filesystem>
#include <functional>
#include <vector>

#include "index/build/build.h"
#include "index/shards/shard_folder.h"

namespace runner::ann {

// Before anything is built: throws UsageError for a type whose parts FAISS cannot merge, with the reason.
void refuse_unmergeable(const BuildSettings& settings, std::int64_t width);
// Whether every part is added to one index that was trained before (ShardFolder::trained()).
bool is_trained_once(const BuildSettings& settings, std::int64_t width);

// Writes `file` and flushes it to disk: a Flat index as a stream, byte for byte the one that build_index
// makes of all rows; others by FAISS, in memory, added to `settings.trained`. The bytes of each part are
// compared with its manifest on the way. Throws DataError naming the part, RunError, Interrupted; nothing is
// left then. `progress` gets rows done. `vectors`: all rows, for a goal of the settings.
BuildTimes merge_shards(const std::vector<ShardFile>& parts, const BuildSettings& settings,
                        const std::filesystem::path& file,
                        const std::function<void(std::int64_t)>& progress = {},
                        const data::Vectors* vectors = nullptr);

}  // namespace runner::ann
