#pragma once
// What a sequences job will need, known before it writes.

#include <cstdint>

#include "contract/job.h"
#include "data/samples/samples.h"
#include "jobs/sequences/options.h"

namespace runner::jobs {

struct SequencesNeeds {
  std::int64_t rows = 0;           // of the input; of a sequences file, its samples
  std::int64_t sequences = 0;      // neighbors: at most
  std::uint64_t output_bytes = 0;  // stored; deflated ones are smaller
  std::uint64_t memory_bytes = 0;  // resident, estimated
  std::uint64_t disk_free = 0;     // where the output goes
  double seconds = 0;              // on a disk of 500 MB/s and two cores
};

// `sequences` samples of these sizes, from `rows` rows.
SequencesNeeds estimate(const SequencesOptions& options, std::int64_t rows, std::int64_t sequences,
                        std::int64_t context, std::int64_t width);

// runner plan, --dry-run.
void plan_sequences(const JobContext& context, JobResult& result);

}  // namespace runner::jobs
