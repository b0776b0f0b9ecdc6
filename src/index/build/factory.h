#pragma once
// Inside index/ only: FAISS indexes made from settings.

#include <faiss/Index.h>

#include <memory>

#include "index/build/build.h"

namespace runner::ann {

// An empty index, without ids around it. Throws UsageError.
std::unique_ptr<faiss::Index> make_index(const BuildSettings& settings, std::int64_t width);

// Bytes that one more row takes in memory (the file takes about the same).
double bytes_per_row(const faiss::Index& index);
// Bytes that the index takes whatever its rows: centroids, code books.
double fixed_bytes(const faiss::Index& index);
// Rows that training wants; 0 when nothing is to be trained.
std::int64_t rows_to_train(const faiss::Index& index, std::int64_t rows,
                           const std::optional<std::int64_t>& wanted);

}  // namespace runner::ann
