#pragma once
// The bytes in front of and behind the vectors of a Flat index file, as faiss::write_index writes them
// (little-endian, packed; faiss/impl/index_write.cpp):
//   fourcc  "IxFI" inner product · "IxF2" L2 · older files: "IxFl" with the metric from the header
//   header  int32 d · int64 ntotal · int64 1<<20 · int64 1<<20 · uint8 is_trained · int32 metric_type
//   vectors uint64 count of floats · the floats
// IndexIDMap2 ("IxM2", IndexIDMap "IxMp") wraps it: fourcc, header, the wrapped index, then
//   ids     uint64 count · int64 each

#include <cstdint>
#include <optional>
#include <string>

#include "index/build/metric.h"

namespace runner::ann {

struct FlatLayout {
  Metric metric = Metric::inner_product;
  std::int64_t rows = 0, width = 0;
  bool has_ids = false;
  std::uint64_t vectors_at = 0;  // offset of the first float
  std::uint64_t ids_at = 0;      // offset of the first id; 0 without
  std::uint64_t file_bytes = 0;
};

FlatLayout flat_layout(Metric metric, std::int64_t rows, std::int64_t width, bool has_ids);

// Everything in front of the first float; what stands between the last float and the first id.
std::string flat_head(const FlatLayout& layout);
std::string flat_ids_head(const FlatLayout& layout);

// Reads the head of a file of `file_bytes` bytes. Nothing: another type of index. Throws DataError naming
// `place` for a Flat index whose numbers contradict each other or the file's size.
std::optional<FlatLayout> parse_flat(const std::byte* head, std::uint64_t head_bytes,
                                     std::uint64_t file_bytes, const std::string& place);

}  // namespace runner::ann
