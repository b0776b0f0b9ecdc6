#pragma once
// What the rows of an index are called, for people who read a search's result.

#include <string>
#include <vector>

#include "index/exact_search/exact_search.h"
#include "index/shards/index_pieces.h"

namespace runner::jobs {

// `named`: a text file with a line for each row; FILE.npy; FILE.npz, whose array `titles` is meant;
// FILE.npz:ARRAY; or the name of an array in the files that the index was built from, as its manifest tells.
// One title a row where the index's ids are row numbers. Throws UsageError, DataError.
std::vector<std::string> read_titles(const std::string& named, const std::string& index_path,
                                     const ann::IndexPieces& index);

// Every id that was found has a title. Throws DataError.
void expect_titles(const std::vector<std::string>& titles, const std::string& named,
                   const ann::Neighbours& found);

}  // namespace runner::jobs
