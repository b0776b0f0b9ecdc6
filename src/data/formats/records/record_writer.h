#pragma once
// Rows of several columns as one file, in pieces: .npz for programs, tab-separated text for pipes, a table
// for people, JSON for both: an object a line, or one list of them. Memory does not grow with the number of
// rows.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/words.h"
#include "data/formats/numpy/npy.h"

namespace runner::data {

enum class RecordFormat { npz, tsv, jsonl, json, table };
inline std::vector<std::string> words_of(RecordFormat) {
  return {"npz", "tsv", "jsonl", "json", "table"};
}

// The format that is asked for, else the one that the file's ending tells, else npz.
RecordFormat record_format(std::optional<RecordFormat> wanted, const std::string& output);
// The value of `output` that means standard output; npz cannot go there.
constexpr const char* standard_output = "-";

struct Column {
  const char* name;        // of the array in npz, of the key in jsonl
  DType dtype;             // i64 or f32
  std::int64_t width = 0;  // 0: one value a row, an array [M]; else [M, width]
  // Text has a line for each of a row's ranked values, nearest first, under this heading ("id"); without
  // ranked columns all values of a row in one line.
  const char* ranked = nullptr;
  // In text: shown in place of the numbers, which count them from 0; each number has one. Must outlive the
  // writer.
  const std::vector<std::string>* words = nullptr;
};

class RecordWriter {
 public:
  // `numbered`: text and JSON lines begin with the row's number under this heading ("query"); nullptr: they
  // do not. Nothing is at `output` before finish(), but for standard output. Throws RunError.
  RecordWriter(const std::string& output, RecordFormat format, std::vector<Column> columns, std::int64_t rows,
               const char* numbered = nullptr, IfTaken if_taken = IfTaken::replace);
  ~RecordWriter();

  // The next `count` rows: one pointer a column, [count, width] in C order. Of ranked columns, places whose
  // first ranked column is negative (FAISS: nothing found) are left out of text and JSON lines.
  void append(std::int64_t count, const std::vector<const void*>& values);
  void finish();               // flush, fsync, rename
  std::string target() const;  // after finish(): the name that the file has, or "-"

 private:
  std::unique_ptr<class RecordSink> sink_;
};

}  // namespace runner::data
