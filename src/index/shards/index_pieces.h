#pragma once
// What a search looks at: an index file, the folder of an index's parts, or one part of either.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "index/reading/search.h"

namespace runner::ann {

class IndexPieces {
 public:
  // `path`: a file, or a folder of parts (shard_folder.h), all of which must be there. `part`: of a Flat file
  // some of its rows, of a folder some of its parts. Throws DataError, UsageError.
  IndexPieces(const std::filesystem::path& path, const std::optional<Shard>& part);

  std::int64_t rows() const { return rows_; }               // of the whole index
  std::int64_t searched_rows() const { return searched_; }  // of what is searched here
  std::int64_t width() const { return pieces_.front().index.width(); }
  Metric metric() const { return pieces_.front().index.metric(); }
  bool has_ids() const { return pieces_.front().index.has_ids(); }  // of its own; else row numbers
  bool exact() const { return pieces_.front().index.exact(); }
  // Tells another index, or another version of it, apart. Of a file by its name, size and bytes here and
  // there.
  const std::string& identity() const { return identity_; }

  // As of one index: queries [n, width]; ids are the index's own. `progress` gets rows done, of
  // searched_rows() times passes(n).
  Neighbours search(const float* queries, std::int64_t n, std::int64_t k,
                    const std::function<void(std::int64_t)>& progress = {}) const;
  void expect_unchanged() const;

 private:
  struct Piece {
    OpenIndex index;
    std::int64_t first_row;  // added to row numbers
  };
  std::vector<Piece> pieces_;
  std::int64_t rows_ = 0, searched_ = 0;
  std::string identity_;
};

// `best` becomes the k nearest of itself and `next`, which was found in later rows: of equal scores those in
// `best` come first, as the lower rows do in one index.
void merge_neighbours(Metric metric, Neighbours& best, const Neighbours& next);

}  // namespace runner::ann
