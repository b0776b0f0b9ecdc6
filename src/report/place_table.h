#pragma once
// A table of things that each lie at a path.

#include <string>
#include <vector>

namespace runner::report {

struct PlaceColumn {
  std::string heading;
  int rank = 0;  // columns of the lowest rank go first where there is no room; the first column stays
  bool is_number = false;  // aligned to the right
};

struct PlaceRow {
  std::vector<std::string> cells;  // one a column
  std::string place;
};

// A heading and a line a row, columns as wide as what stands in them, in `width` columns where that is
// possible: where one place does not fit behind its cells, all places have a line of their own, whole.
std::string place_table(const std::vector<PlaceColumn>& columns, const std::string& place_heading,
                        const std::vector<PlaceRow>& rows, std::size_t width);

}  // namespace runner::report
