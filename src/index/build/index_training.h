#pragma once
// Inside index/ only: an index's training, watched. FAISS itself says nothing for minutes, or the same
// warning for each part of a code.

#include <faiss/Index.h>

#include <cstdint>

namespace runner::ann {

// Trains with rows [n, index.d]: k-means passes are counted as progress, and too few rows for the centres are
// told in one line of our own. Throws what FAISS throws.
void train_watched(faiss::Index& index, std::int64_t n, const float* rows);

}  // namespace runner::ann
