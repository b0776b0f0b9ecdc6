#pragma once
// Windows as row numbers: T consecutive rows and the row to predict. Never the vectors themselves.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "data/samples/row_order.h"
#include "data/samples/target_offset.h"
#include "data/samples/vectors.h"

namespace runner::data {

struct WindowOptions {
  std::int64_t context = 5;                         // T: rows a window
  std::int64_t target_offset = next_vector_offset;  // the target is this many rows after the last one
  bool within_article = true;  // false: legacy, windows cross articles (docs/lvm.md, Data)
  std::vector<std::string> exclude_articles = {};  // "1500-1999" (inclusive) or "7"
  std::int64_t min_article_length = 0;             // articles of fewer rows give no windows
};

// Inclusive ranges of articles. Throws UsageError for anything but "FIRST-LAST" or "NUMBER".
std::vector<std::pair<std::int64_t, std::int64_t>> parse_article_ranges(
    const std::vector<std::string>& texts);

// True for rows that may be in no sample: of excluded or of too short articles. Empty: all rows may. Throws
// DataError when articles are needed and the files tell none.
std::vector<bool> rows_left_out(const Vectors& vectors, const WindowOptions& options);

// 4 bytes a window (8 in legacy mode with offset 2), and 4 a row where not all rows follow in the file's
// order.
class Windows {
 public:
  // Within articles: rows i … i+T-1 and i+T-1+offset of one article, counted in the order of their chunk
  // numbers (data/samples/row_order.h). Legacy: stride 1 over all rows that are left, in file order, the
  // target 1 after the last; with offset k > 1 the target is then replaced by the row of the same article
  // with chunk number + k-1 (of two, the later row) and windows without one are dropped. Throws DataError
  // (more than 4 billion rows, excludes without articles).
  Windows(const Vectors& vectors, const WindowOptions& options);

  std::int64_t size() const { return static_cast<std::int64_t>(starts_.size()); }
  std::int64_t context() const { return context_; }
  // Row of the window's context vector j (0 … T-1), and of its target.
  std::int64_t context_row(std::int64_t window, std::int64_t j) const;
  std::int64_t target_row(std::int64_t window) const;
  const RowOrder& order() const { return order_; }

 private:
  void within_articles(const Vectors& vectors, const std::vector<bool>& left_out);
  void legacy(const Vectors& vectors, const WindowOptions& options, const std::vector<bool>& left_out);
  std::int64_t kept_row(std::int64_t place) const;

  std::int64_t context_, target_distance_;  // from a window's first row, in kept rows
  RowOrder order_;                          // its rows are moved to kept_
  std::vector<std::uint32_t> starts_;       // places among the kept rows
  std::vector<std::uint32_t> kept_;         // row numbers in order; empty: all rows, as the files have them
  std::vector<std::uint32_t> targets_;      // row numbers; empty: start + distance
};

}  // namespace runner::data
