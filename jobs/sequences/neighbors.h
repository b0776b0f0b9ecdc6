#pragma once
// Contexts by likeness instead of by order: for every row the T rows whose unit vectors have the highest
// inner product with its own.

#include <cstdint>
#include <vector>

#include "data/samples/samples.h"

namespace runner::jobs {

struct NeighborRows {
  std::int64_t context = 0;             // T
  std::vector<std::uint32_t> targets;   // row numbers, ascending
  std::vector<std::uint32_t> contexts;  // T row numbers a target, nearest last
};

// Exact search (the scores are those of FAISS's IndexFlatIP; of equal scores the lower row counts as nearer).
// Rows equal to the target's in every value are no neighbours of it. Excluded and too short articles take no
// part. options.within_article: only rows of the target's article; targets with fewer than T candidates are
// dropped. Memory: some 100 MB and 4·(T+3) bytes a row. Throws Interrupted.
NeighborRows find_neighbors(const data::Vectors& vectors, const data::WindowOptions& options);

}  // namespace runner::jobs
