#pragma once
// The articles of 5CAT: all vectors, unit length, by article and place. A place is a position in an article's
// rows sorted by chunk number.

#include <torch/torch.h>

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "data/samples/vectors.h"

namespace runner::lvm::five_cat {

struct Article {
  std::int64_t first = 0, count = 0;  // rows of Articles::table
};

class Articles {
 public:
  // Throws DataError when the files tell no articles.
  explicit Articles(const data::Vectors& vectors);

  // nullptr when there is no such article.
  const Article* find(std::int64_t id) const;
  // Place of a chunk number; of two rows with that number the later one.
  std::optional<std::int64_t> place(const Article& article, std::int64_t chunk) const;
  torch::Tensor vectors(const Article& article) const {
    return table.narrow(0, article.first, article.count);
  }
  std::int64_t size() const { return static_cast<std::int64_t>(articles_.size()); }

  torch::Tensor table;  // [N, D] float32, CPU

 private:
  std::vector<std::int64_t> chunks_;  // by row of the table
  std::unordered_map<std::int64_t, Article> articles_;
};

}  // namespace runner::lvm::five_cat
