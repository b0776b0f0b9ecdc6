#pragma once
// One or several vectors files, one after the other, as one table of rows: N rows of width D, each with an
// article and a chunk number when the files tell them (docs/lvm.md's names: README.md, "Your own data").

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/formats/values.h"

namespace runner::data {

// What is read beside the vectors. A job that needs no articles opens `none`: article and chunk numbers of
// any kind, damaged ones too, are then left alone.
enum class Columns { articles, none };

class Vectors {
 public:
  // Files are .npz (vectors | fused | embeddings | concept_vecs | X, 2-D) or .npy. Equal widths; either all
  // or none tell articles. Row numbers go on over the files. Throws DataError.
  explicit Vectors(const std::vector<std::string>& paths, Columns columns = Columns::articles);
  explicit Vectors(const std::string& path, Columns columns = Columns::articles)
      : Vectors(std::vector<std::string>{path}, columns) {}

  // From now on these rows alone are the table: row numbers count from `first`. For a part of an index.
  void keep_rows(std::int64_t first, std::int64_t count);
  // Number, among all rows of the files, of the first one that is kept.
  std::int64_t first_row() const { return skipped_; }
  // The files that the kept rows lie in: numbers of paths(), the last one included.
  std::pair<std::size_t, std::size_t> kept_files() const;

  std::int64_t rows() const { return rows_; }
  std::int64_t width() const { return width_; }
  const std::vector<std::string>& paths() const { return paths_; }
  std::uint64_t bytes() const;  // of the vectors as stored

  // "x.npz: array vectors", of the first file: for messages.
  const std::string& place() const { return parts_.front().table.array().place; }

  // Empty when the files tell none (or none were read). Otherwise one a row.
  const std::vector<std::int64_t>& articles() const { return articles_; }
  // Chunk numbers; without them in the files, a row's place among its article's rows. One a row; empty
  // with Columns::none.
  const std::vector<std::int64_t>& chunks() const { return chunks_; }
  bool tells_chunks() const { return tells_chunks_; }  // chunk numbers are the files', not counted by us
  // Which of paths() a row comes from.
  std::size_t file_of(std::int64_t row) const {
    return parts_.size() == 1 ? 0 : static_cast<std::size_t>(&part_of(skipped_ + row) - parts_.data());
  }
  bool has_articles() const { return !articles_.empty() || rows_ == 0; }

  // Rows first … first+count-1 as float32, out [count, D]. Sequential reading is fast for every kind of file.
  void read_rows(std::int64_t first, std::int64_t count, float* out) const;
  // Rows in any order, out [n, D]. For deflated files call allow_random_access() once before. Thread-safe
  // then.
  void gather(const std::int64_t* rows, std::int64_t n, float* out) const;
  // Inflates deflated vectors into scratch files. Nothing to do for stored ones.
  void allow_random_access();
  // Gives the mapped pages of these rows back (resident memory stays small behind a stream).
  void release(std::int64_t first, std::int64_t count) const;

  // An integer array of the files by name, one value a row ("ids"). Throws DataError.
  std::vector<std::int64_t> integers(const std::string& name) const;

  // Reads everything once: NaN, Inf and (unless allowed) rows of zeros are DataErrors naming file, array and
  // row; so is a stored array whose bytes differ from the archive's CRC (`crc` false skips that). `progress`
  // gets rows done. Of kept rows: those, and the CRC of each file whose first row is among them, so that the
  // parts of an index together look at every file once.
  ValueCheck check_values(bool crc = true, const std::function<void(std::int64_t)>& progress = {},
                          Zeros zeros = Zeros::refused) const;

 private:
  struct Part {
    RowTable table;
    std::int64_t first;  // its first row's number
  };
  const Part& part_of(std::int64_t row) const;  // counted over all rows of the files
  void add_file(const std::string& path, Columns columns);
  void number_chunks();

  std::vector<std::string> paths_;
  std::vector<Part> parts_;
  std::int64_t rows_ = 0, width_ = 0, skipped_ = 0;
  std::vector<std::int64_t> articles_, chunks_;
  bool tells_chunks_ = false;
};

}  // namespace runner::data
