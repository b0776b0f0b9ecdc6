#pragma once
// One part of an index's rows, built and verified where all parts are collected
// (index/shards/shard_folder.h).

#include "contract/job.h"
#include "index/build/build.h"
#include "index/shards/shard_folder.h"
#include "jobs/index/options.h"

namespace runner::jobs {

// --shard I/N. Throws Error; a part that was there stays until the new one is verified.
void run_index_shard(const JobContext& context, const IndexOptions& options, JobResult& result);

// What --merge makes of the parts of OUTPUT: they are all there and all of this index. Throws DataError
// naming the one that is not. `inputs` empty: their hashes are not known yet, and not compared.
std::vector<ann::ShardFile> parts_to_merge(const IndexOptions& options,
                                           const std::vector<InputRecord>& inputs);
// What these parts were added to. Throws DataError when it is not there any more, or another one.
std::filesystem::path trained_file(const IndexOptions& options, const std::vector<ann::ShardFile>& parts);

// Throws UsageError for flags that exclude each other: --shard, --merge, --rollback.
void refuse_contradicting_flags(const Arguments& arguments);
// A task of a Slurm array that was not told which part it builds says so: it builds the whole index.
void tell_of_slurm_array(bool merges);

}  // namespace runner::jobs
