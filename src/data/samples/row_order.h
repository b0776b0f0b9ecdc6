#pragma once
// The order in which rows follow each other: by article and chunk number, whatever the file's.

#include <cstdint>
#include <vector>

#include "data/samples/vectors.h"

namespace runner::data {

struct RowOrder {
  // Row numbers sorted by article and chunk, equal ones as the files have them. Empty when the files are in
  // order as they are: each article's rows in one piece, their chunk numbers ascending.
  std::vector<std::uint32_t> rows;
  std::int64_t equal = 0;  // rows with the article and chunk number of the row before them
  bool files_apart =
      false;  // an article of one file is another than that of the same number in the next file
};

// Several files tell one article where their chunk numbers let them: those that collide, or that only we have
// counted, belong to different ones. Without articles: the files' order.
RowOrder order_of(const Vectors& vectors);

// A line of the log for each thing above that is not as usual. `follows`: windows follow this order; legacy
// ones follow the file.
void tell(const RowOrder& order, const Vectors& vectors, bool follows);

}  // namespace runner::data
