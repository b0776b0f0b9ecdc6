#pragma once
// What a terminal shows of a stream: rows, the cursor, wrapping at its width. Knows what our programs send:
// \r, \n, SGR, J and K to the end, wrapping off and on. A resize breaks long lines anew, as VTE and kitty do,
// or cuts them, as xterm does.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace runner::test {

class Screen {
 public:
  enum class Resize { breaks_anew, cuts };
  explicit Screen(std::size_t width, Resize kind = Resize::breaks_anew) : width_(width), kind_(kind) {}

  void feed(std::string_view bytes) {
    rest_ += bytes;
    while (!rest_.empty()) {
      const std::size_t used = take();
      if (used == 0) return;  // the rest comes later
      rest_.erase(0, used);
    }
  }

  void resize(std::size_t width) {
    std::vector<Row> rows;
    std::size_t cursor_row = 0, cursor_column = column_;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (i == row_) cursor_row = rows.size();
      Row row = rows_[i];
      while (row.cells.size() > width) {
        if (kind_ == Resize::breaks_anew)
          rows.push_back({{row.cells.begin(), row.cells.begin() + static_cast<std::ptrdiff_t>(width)}});
        if (kind_ == Resize::cuts)
          row.cells.resize(width);
        else
          row.cells.erase(row.cells.begin(), row.cells.begin() + static_cast<std::ptrdiff_t>(width));
      }
      rows.push_back(row);
    }
    if (kind_ == Resize::breaks_anew) cursor_row += cursor_column / width, cursor_column %= width;
    rows_ = rows.empty() ? std::vector<Row>(1) : rows;
    row_ = std::min(cursor_row, rows_.size() - 1);
    column_ = std::min(cursor_column, width - 1);
    width_ = width;
  }

  // From top to bottom, without blanks at their ends.
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const Row& row : rows_) {
      std::string line;
      for (const std::string& cell : row.cells) line += cell;
      line.erase(line.find_last_not_of(' ') + 1);
      all.push_back(line);
    }
    while (!all.empty() && all.back().empty()) all.pop_back();
    return all;
  }

 private:
  struct Row {
    std::vector<std::string> cells;
  };

  // Bytes of what stands in front; 0 when it is not all there.
  std::size_t take() {
    const auto first = static_cast<unsigned char>(rest_[0]);
    if (first == '\033') return escape();
    if (first == '\r') return column_ = 0, beyond_ = false, 1;
    if (first == '\n') return next_row(), 1;
    const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (rest_.size() < size) return 0;
    put(rest_.substr(0, size));
    return size;
  }

  std::size_t escape() {
    const std::size_t end = rest_.find_first_of("ABCDHJKhlm", 2);
    if (end == std::string::npos) return 0;
    const std::string word = rest_.substr(0, end + 1);
    auto& cells = rows_[row_].cells;
    if (word == "\033[J" || word == "\033[K") cells.resize(std::min(cells.size(), column_));
    if (word == "\033[J") rows_.resize(row_ + 1);
    if (word == "\033[?7l") wraps_ = false;
    if (word == "\033[?7h") wraps_ = true;
    return end + 1;
  }

  void next_row() {
    beyond_ = false;
    column_ = 0;
    if (++row_ == rows_.size()) rows_.emplace_back();
  }

  void put(const std::string& character) {
    if (beyond_ && wraps_) next_row();
    auto& cells = rows_[row_].cells;
    if (cells.size() <= column_) cells.resize(column_ + 1, " ");
    cells[column_] = character;
    beyond_ = column_ + 1 == width_;
    if (!beyond_) ++column_;
  }

  std::size_t width_;
  Resize kind_;
  std::vector<Row> rows_ = std::vector<Row>(1);
  std::size_t row_ = 0, column_ = 0;
  bool beyond_ = false, wraps_ = true;
  std::string rest_;
};

}  // namespace runner::test
