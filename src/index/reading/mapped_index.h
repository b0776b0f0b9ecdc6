#pragma once
// A Flat index file, mapped: opening reads its head alone, rows come in as they are searched, or all at once
// before.

#include <filesystem>
#include <memory>
#include <optional>

#include "data/mapped_file.h"
#include "index/build/flat_format.h"
#include "index/build/row_source.h"

namespace runner::ann {

class MappedIndex final : public RowSource {
 public:
  // Nothing when the file holds another type of index. `release_behind`: resident memory stays small, pages
  // are given back once scanned. Throws DataError: no such file, or a damaged Flat index.
  static std::optional<MappedIndex> open(const std::filesystem::path& path, bool release_behind = false);

  // Maps every page now, by all threads, where the file fits into the memory that is available: a search then
  // runs at the speed of memory. Else, and where the system cannot, rows come in as they are searched.
  void bring_in();

  // From now on these rows alone are searched; they keep their ids.
  void keep_rows(std::int64_t first, std::int64_t count);

  const FlatLayout& layout() const { return layout_; }
  std::int64_t rows() const override { return rows_; }
  std::int64_t width() const override { return layout_.width; }
  const float* mapped(std::int64_t first, std::int64_t count) const override;
  void read(std::int64_t first, std::int64_t count, float* out) const override;
  void release(std::int64_t first, std::int64_t count) const override;
  // What FAISS would call this row of those that are kept.
  std::int64_t id(std::int64_t row) const;

 private:
  MappedIndex(data::MappedFile file, FlatLayout layout, bool release_behind);
  std::uint64_t offset(std::int64_t row) const;
  std::shared_ptr<data::MappedFile> file_;
  FlatLayout layout_;
  std::int64_t first_ = 0, rows_;
  bool release_behind_, brought_in_ = false;
};

}  // namespace runner::ann
