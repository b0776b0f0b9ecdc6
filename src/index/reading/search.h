#pragma once
// Searching an index file of any type.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "index/exact_search/exact_search.h"
#include "index/shards/shard.h"

namespace faiss {
struct Index;
}

namespace runner::ann {

class MappedIndex;

// A Flat index is mapped, whole where memory suffices; any other type is opened by FAISS, its inverted lists
// mapped.
class OpenIndex {
 public:
  std::int64_t rows() const;        // that are searched
  std::int64_t total_rows() const;  // of the file
  std::int64_t width() const;
  Metric metric() const;
  bool exact() const { return mapped_ != nullptr; }
  bool has_ids() const;  // of its own; else row numbers
  // queries [n, width]; ids are the index's own. Throws DataError, Interrupted.
  Neighbours search(const float* queries, std::int64_t n, std::int64_t k,
                    const std::function<void(std::int64_t)>& progress = {}) const;

  // Throws DataError when the file was written to since it was opened: what was found may be a mixture.
  void expect_unchanged() const;

 private:
  friend OpenIndex open_index(const std::filesystem::path& path, const std::optional<Shard>& part);
  std::shared_ptr<MappedIndex> mapped_;
  std::shared_ptr<faiss::Index> faiss_;
  std::string path_;
  std::filesystem::file_time_type written_;
  std::uintmax_t bytes_ = 0;
};

// With `part`, these rows of a Flat index alone. Throws DataError: no index, or a damaged one; UsageError: a
// type whose rows cannot be searched in parts.
OpenIndex open_index(const std::filesystem::path& path, const std::optional<Shard>& part = std::nullopt);

}  // namespace runner::ann
