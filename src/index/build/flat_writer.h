#pragma once
// A Flat index built as a stream: rows go from the mapped input through one block into the file, in the
// format that faiss::write_index writes. Memory is bounded by the block, whatever the size.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "data/samples/vectors.h"
#include "index/build/build_times.h"
#include "index/build/metric.h"

namespace runner::ann {

struct FlatBuild {
  Metric metric = Metric::inner_product;
  bool normalize = true;
  std::vector<std::int64_t> ids;  // empty: row numbers; else one a row, written as IndexIDMap2
};

// Size of the file in bytes.
std::uint64_t flat_file_bytes(std::int64_t rows, std::int64_t width, bool with_ids);

// Writes and fsyncs `file` (which a caller publishes). Throws RunError (disk full: the partial file is
// removed), DataError (NaN, Inf, a row of zeros to normalise), Interrupted. `progress` gets rows done.
BuildTimes write_flat_index(const data::Vectors& vectors, const FlatBuild& build,
                            const std::filesystem::path& file,
                            const std::function<void(std::int64_t)>& progress = {});

}  // namespace runner::ann
