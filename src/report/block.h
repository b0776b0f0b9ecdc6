#pragma once
// How every job speaks to people: lines with a label in front, before the work (its header) and behind it
// (its closing block).

#include <string>
#include <vector>

namespace runner::report {

class Block {
 public:
  // Parts stand side by side with commas between them. A line is broken between parts, so that a path, a
  // figure with its name or a command stays whole; inside of one at blanks where no line has room for it, and
  // never inside of a path. Empty parts are left out.
  void add(std::string label, std::vector<std::string> parts);
  // One line below the other.
  void add_list(std::string label, std::vector<std::string> lines);
  // A sentence, broken at blanks.
  void add_text(std::string label, const std::string& sentence);
  // Lines of their own, a table.
  void add_table(std::string lines);

  // Each line in `width` columns where its parts allow that, and ended.
  std::string text(std::size_t width) const;

 private:
  struct Item {
    std::string label;
    std::vector<std::string> parts;
    std::string between;  // parts; "\n": a line each
  };
  std::vector<Item> items_;
};

// The width that a block on this descriptor has: the terminal's, and none for a pipe or a file.
std::size_t block_width(int fd);

struct TableColumn {
  std::string heading;
  std::size_t width = 0;  // with the blank in front of it, two of a text
  int rank = 0;           // columns of the lowest rank go first where there is no room
  bool is_text = false;   // aligned to the left
};

// Rows under a heading, columns aligned: the first and texts to the left, others to the right.
class Table {
 public:
  Table(std::vector<TableColumn> columns, std::size_t width);
  std::string heading() const;
  // As many cells as there were columns. Ended as the heading is.
  std::string row(const std::vector<std::string>& cells) const;

 private:
  std::vector<TableColumn> columns_;
  std::vector<bool> shown_;
};

}  // namespace runner::report
