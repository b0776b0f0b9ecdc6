#pragma once
// Searching an index file of any type.

#include <filesystem>
#include <functional>
#include <memory>

#include "ann/exact_search.h"

namespace faiss {
struct Index;
}

namespace runner::ann {

class MappedIndex;

// A Flat index is mapped, whole where memory suffices; any other type is opened by FAISS, its inverted lists
// mapped.
class OpenIndex {
 public:
  std::int64_t rows() const;
  std::int64_t width() const;
  bool exact() const { return mapped_ != nullptr; }
  // queries [n, width]; ids are the index's own. Throws RunError, Interrupted.
  Neighbours search(const float* queries, std::int64_t n, std::int64_t k,
                    const std::function<void(std::int64_t)>& progress = {}) const;

 private:
  friend OpenIndex open_index(const std::filesystem::path& path);
  std::shared_ptr<MappedIndex> mapped_;
  std::shared_ptr<faiss::Index> faiss_;
};

// Throws DataError: no index, or a damaged one.
OpenIndex open_index(const std::filesystem::path& path);

}  // namespace runner::ann
