#include "data/formats/records/aligned.h"

#include <algorithm>

#include "base/utf8.h"

namespace runner::data {
namespace {

template <class Use>
void each_line(const std::string& lines, const Use& use) {
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    std::vector<std::string> cells;
    for (std::size_t from = at; from <= end;) {
      const std::size_t to = std::min(lines.find('\t', from), end);
      cells.push_back(lines.substr(from, to - from));
      from = to + 1;
    }
    use(cells);
    at = end + 1;
  }
}

}  // namespace

std::string AlignedColumns::aligned(const std::string& lines) {
  each_line(lines, [&](const std::vector<std::string>& cells) {
    for (std::size_t c = 0; c < std::min(cells.size(), widths_.size()); ++c)
      widths_[c] = std::max(widths_[c], columns(cells[c]));
  });
  std::string out;
  each_line(lines, [&](const std::vector<std::string>& cells) {
    for (std::size_t c = 0; c < std::min(cells.size(), widths_.size()); ++c) {
      const std::string pad(widths_[c] - columns(cells[c]), ' ');
      const bool last = c + 1 == cells.size();
      out += (c == 0 ? "" : "  ") + (texts_[c] ? cells[c] + (last ? "" : pad) : pad + cells[c]);
    }
    out += '\n';
  });
  return out;
}

}  // namespace runner::data
