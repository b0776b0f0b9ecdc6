#pragma once
// Where the samples of a sequences file come from: plain arrays, or the old tools' pickled `metadata`.

#include <cstdint>
#include <string>
#include <vector>

#include "data/formats/numpy/npz.h"

namespace runner::data {

struct SequenceMarks {
  std::vector<std::int64_t> articles;  // of the target, one a sample; empty when the file does not tell
  std::vector<std::int64_t> chunks;    // the target's chunk number; empty when the file does not tell
};

// Takes article_ids and target_indices where there are some, else metadata: an object array of dicts with
// article_index (or article_id) and target_chunk_index (or target_idx), read without executing anything.
// Throws DataError.
SequenceMarks read_sequence_marks(const Npz& file, std::int64_t samples);

// The `metadata` object array as the old tools read it (allow_pickle): a pickle, protocol 3, for
// NpzWriter::write_object. One dict a sample.
struct MetadataRow {
  std::int64_t article, last_context_article, chunk;
};
std::string pickle_metadata(const std::vector<MetadataRow>& rows, std::int64_t p6_offset);

}  // namespace runner::data
