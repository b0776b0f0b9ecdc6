#pragma once
// A search done in parts, each by a process of its own: what each found, beside the output, until it is
// merged.
//
//   NEIGHBOURS.npz.shards/0003-of-0008.npz    ids and scores [queries, k], and what was searched for in what

#include <string>

#include "index/shards/index_pieces.h"

namespace runner::jobs {

// What all parts of one search have in common.
struct SearchIdentity {
  std::string index, queries;  // hashes
  std::int64_t n = 0, k = 0, rows = 0;
};

// Returns the file's name. Throws RunError.
std::string write_search_part(const std::string& output, const ann::Shard& shard,
                              const SearchIdentity& search, const ann::Neighbours& found);

// The neighbours of all parts. Throws DataError that names parts which are missing, damaged, or of another
// search.
ann::Neighbours merge_search_parts(const std::string& output, const SearchIdentity& search,
                                   ann::Metric metric);
// Once they are merged.
void remove_search_parts(const std::string& output);

}  // namespace runner::jobs
