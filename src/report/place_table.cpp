#include "report/place_table.h"

#include <algorithm>

#include "base/utf8.h"
#include "report/block.h"

namespace runner::report {
namespace {

constexpr std::size_t gap = 2;  // between columns

std::vector<TableColumn> widths_of(const std::vector<PlaceColumn>& columns_,
                                   const std::vector<PlaceRow>& rows) {
  std::vector<TableColumn> widths;
  widths.reserve(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = columns(columns_[i].heading);
    for (const PlaceRow& row : rows) width = std::max(width, columns(row.cells.at(i)));
    widths.push_back(
        {columns_[i].heading, width + (i == 0 ? 0 : gap), columns_[i].rank, !columns_[i].is_number});
  }
  return widths;
}

}  // namespace

std::string place_table(const std::vector<PlaceColumn>& columns_, const std::string& place_heading,
                        const std::vector<PlaceRow>& rows, std::size_t width) {
  std::vector<TableColumn> all = widths_of(columns_, rows);
  std::size_t used = gap, longest = columns(place_heading);
  for (const TableColumn& column : all) used += column.width;
  for (const PlaceRow& row : rows) longest = std::max(longest, columns(row.place));
  if (used + longest <= width) {
    all.push_back({place_heading, gap + longest, 0, true});
    const Table table(all, width);
    std::string text = table.heading();
    for (PlaceRow row : rows) {
      row.cells.push_back(row.place);
      text += table.row(row.cells);
    }
    return text;
  }
  const Table table(all, width);
  std::string text = table.heading();
  for (const PlaceRow& row : rows) text += table.row(row.cells) + std::string(gap, ' ') + row.place + "\n";
  return text;
}

}  // namespace runner::report
