#pragma once
// An option struct that has one of everything.

#include "config/resolve.h"

namespace runner::config::test {

enum class Similarity { inner_product, l2 };
inline std::vector<std::string> words_of(Similarity) {
  return {"inner_product", "l2"};
}

struct Phase {
  std::optional<std::int64_t> until_epoch;
  double rho = 0.15;
};

struct Example {
  std::string device = "auto";
  Similarity metric = Similarity::l2;
  std::int64_t epochs = 12;
  double lr = 5e-4;
  bool shuffle = true;
  std::optional<double> min_cosine;
  std::vector<std::string> files;
  std::vector<Phase> phases = {{4, 0.15}, {std::nullopt, 0.25}};
};

inline void declare(Binder& b, Example& o) {
  b.option("device", o.device, "where to compute").flag("--device");
  b.option("metric", o.metric, "similarity");
  b.option("train.epochs", o.epochs, "passes over the data").range(1, 1000).flag("--epochs");
  b.option("train.shuffle", o.shuffle, "new order each epoch");
  b.option("optimizer.lr", o.lr, "learning rate").above(0);
  b.option("gates.step.min_cosine", o.min_cosine, "lowest batch cosine").range(-1, 1);
  b.option("data.vectors", o.files, "vectors files").existing_file();
  b.items("loss.phases", o.phases, "by epoch", [](Binder& item, Phase& phase) {
    item.option("until_epoch", phase.until_epoch, "first epoch that is not in it").range(1, 1e6);
    item.option("rho", phase.rho, "target ratio").range(0, 1);
  });
}

// Problems as lines, one a row.
inline std::string problems_of(const std::string& text, const std::vector<Override>& overrides = {},
                               Example* filled = nullptr) {
  Example local;
  Example& options = filled == nullptr ? local : *filled;
  Binder binder;
  declare(binder, options);
  std::string lines;
  for (const Problem& problem : resolve(binder, text, "x.yaml", overrides)) lines += problem.line() + "\n";
  return lines;
}

}  // namespace runner::config::test
