#pragma once
// One or several vectors files, one after the other, as one table of rows: N rows of width D, each with an
// article and a chunk number when the files tell them (LVM.md's names: README.md, "Your own data").

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/values.h"

namespace runner::data {

enum class FileKind { vectors, sequences };
// Tells by the arrays inside. Throws DataError, naming the arrays that were looked for and those found.
FileKind detect(const std::string& path);

class Vectors {
 public:
  // Files are .npz (vectors | fused | embeddings | concept_vecs | X, 2-D) or .npy. Equal widths; either all
  // or none tell articles. Row numbers go on over the files. Throws DataError.
  explicit Vectors(const std::vector<std::string>& paths);
  explicit Vectors(const std::string& path) : Vectors(std::vector<std::string>{path}) {}

  std::int64_t rows() const { return rows_; }
  std::int64_t width() const { return width_; }
  const std::vector<std::string>& paths() const { return paths_; }
  std::uint64_t bytes() const;  // of the vectors as stored

  // Empty when the files tell none. Otherwise one a row.
  const std::vector<std::int64_t>& articles() const { return articles_; }
  // Chunk numbers; without them in the files, a row's place among its article's rows. One a row, always.
  const std::vector<std::int64_t>& chunks() const { return chunks_; }
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

  // Reads everything once: NaN, Inf and rows of zeros are DataErrors naming file, array and row; so is a
  // stored array whose bytes differ from the archive's CRC (`crc` false skips that). `progress` gets rows
  // done.
  ValueCheck check_values(bool crc = true, const std::function<void(std::int64_t)>& progress = {}) const;

 private:
  struct Part {
    RowTable table;
    std::int64_t first;  // its first row's number
  };
  const Part& part_of(std::int64_t row) const;
  void add_file(const std::string& path);
  void number_chunks();

  std::vector<std::string> paths_;
  std::vector<Part> parts_;
  std::int64_t rows_ = 0, width_ = 0;
  std::vector<std::int64_t> articles_, chunks_;
};

}  // namespace runner::data
