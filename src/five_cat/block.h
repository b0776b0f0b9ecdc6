#pragma once
// Some consecutive samples of a split, and which tests each of them takes part in.

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <vector>

#include "five_cat/five_cat.h"

namespace runner::lvm::five_cat {

struct Row {
  std::int64_t id = 0;               // in the source
  const Article* article = nullptr;  // of the target; nullptr: not among the articles
  std::int64_t place = 0;            // of the target in its article
  bool a = false, b = false, c = false, d = false, e = false;
  bool any() const { return a || b || c || d || e; }
};

// Articles in the order of their table, so that sums over them are the same in every process.
struct ByFirstRow {
  bool operator()(const Article* a, const Article* b) const { return a->first < b->first; }
};
using RowsByArticle = std::map<const Article*, std::vector<std::int64_t>, ByFirstRow>;

struct Block {
  std::vector<Row> rows;      // only those that take part in a test
  torch::Tensor contexts;     // [R, T, D], unit vectors
  torch::Tensor targets;      // [R, D], unit vectors
  torch::Tensor sequences;    // [R, T] item numbers
  torch::Tensor predictions;  // [R, D], unit vectors
  // Indices of the rows in a test, [R'] int64.
  torch::Tensor members(bool Row::*test) const;
  // The same, of those whose article is known, by article.
  RowsByArticle members_by_article(bool Row::*test) const;
};

// Counts of the rows each test has taken; a test is full at options.samples.
struct Taken {
  std::int64_t a = 0, b = 0, c = 0, d = 0, e = 0;
};

// Decides for the samples `ids` which tests they are for. Test A needs places -3 … +3 about the target, B an
// article of six, D the whole future of the roll-out.
std::vector<Row> choose(const Articles& articles, const data::SampleSource& source, const std::int64_t* ids,
                        std::int64_t count, const Options& options, Taken& taken);

// Reads the chosen rows and predicts them.
Block load(Predictor& predictor, const data::SampleSource& source, std::vector<Row> rows);

}  // namespace runner::lvm::five_cat
