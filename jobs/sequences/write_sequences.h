#pragma once
// Samples to a sequences file, streamed: memory does not grow with the number of samples.

#include <string>

#include "base/atomic_file.h"
#include "data/input_watch.h"
#include "data/samples/samples.h"
#include "data/samples/window_meaning.h"
#include "jobs/sequences/coherence.h"
#include "jobs/sequences/options.h"

namespace runner::jobs {

struct Written {
  std::string output;  // the name that the file has
  std::uint64_t bytes = 0;
  double fsync_s = 0;  // the final flush to the disk
  Coherence coherence;
};

// Writes context_sequences, target_vectors, article_ids and target_indices (where known), how they were cut,
// and what legacy_metadata asks for, to a file that is complete or not there. Throws RunError, DataError when
// an input was overwritten meanwhile, and Interrupted between pieces.
Written write_sequences(const data::SampleSource& samples, const data::WindowMeaning& meaning,
                        const SequencesOptions& options, data::InputWatch& inputs,
                        IfTaken if_taken = IfTaken::replace);

}  // namespace runner::jobs
