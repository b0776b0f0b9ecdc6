#pragma once
// Inside data/ only: tab-separated lines as a table for people.

#include <cstddef>
#include <string>
#include <vector>

namespace runner::data {

class AlignedColumns {
 public:
  // `texts`: for each column whether it is a text, which stands at its left; numbers stand at the right.
  explicit AlignedColumns(std::vector<bool> texts) : texts_(std::move(texts)), widths_(texts_.size(), 0) {}

  // Whole lines, each with a cell a column. Columns are never narrower than in the lines before.
  std::string aligned(const std::string& lines);

 private:
  std::vector<bool> texts_;
  std::vector<std::size_t> widths_;
};

}  // namespace runner::data
