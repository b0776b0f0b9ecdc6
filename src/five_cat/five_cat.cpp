#include "five_cat/five_cat.h"

#include <algorithm>

#include "base/error.h"
#include "five_cat/split_sums.h"

namespace runner::lvm::five_cat {

namespace {

// Tests that are full cost nothing more, however many samples are still looked at; where few qualify, it ends
// with the last sample.
double share_done(const Taken& taken, std::int64_t looked_at, std::int64_t total, const Options& options) {
  const double full = static_cast<double>(taken.a + taken.b + taken.c + taken.d + taken.e) /
                      (5.0 * static_cast<double>(options.samples));
  return std::max(full, static_cast<double>(looked_at) / static_cast<double>(total));
}

// Blocks go to ranks in turns. A rank that is lost ends the others before their next block.
bool is_mine(std::int64_t block, ranks::Group* group) {
  if (group == nullptr) return true;
  group->at_step(block);
  group->watch().check();
  return block % group->size() == group->rank();
}

void must_be_usable(const Taken& taken, const Split& split) {
  const std::string place = std::string("split ") + split.name;
  if (taken.a == 0)
    throw DataError(
        "test A has no usable row: no target with three places before and after it in `articles`; "
        "do article and chunk numbers belong to the same data?",
        place);
  if (taken.b == 0)
    throw DataError("test B has no usable row: no target in an article of at least six rows of `articles`",
                    place);
}

// Of all blocks, `width` values each: those of other ranks are zeros here. Added up block by block, so that
// the result does not depend on the number of ranks.
std::vector<double> total_of(std::vector<double> blocks, std::size_t width, ranks::Group* group) {
  if (group != nullptr) group->add_up(blocks);
  std::vector<double> total(width);
  for (std::size_t i = 0; i < blocks.size(); ++i) total[i % width] += blocks[i];
  return total;
}

}  // namespace

SplitReport run(Predictor& predictor, const Articles& articles, const Split& split, const Options& options,
                const std::function<void(double)>& progress) {
  const torch::NoGradGuard no_grad;
  constexpr std::int64_t kBlock = 256;  // samples at once: neighbouring windows share most of their vectors
  const auto baselines = fixed_baselines(options.shares);
  SplitSums sums(options, baselines);
  const std::size_t width = sums.values().size();
  std::vector<double> blocks;
  std::int64_t number = 0;  // of the block
  Taken taken;
  const auto total = static_cast<std::int64_t>(split.ids.size());
  if (progress) progress(0);
  for (std::int64_t first = 0; first < total; first += kBlock) {
    const auto count = std::min(kBlock, total - first);
    auto rows = choose(articles, *split.source, split.ids.data() + first, count, options, taken);
    if (!rows.empty()) {
      SplitSums of_block(options, baselines);
      if (is_mine(number++, options.group)) {
        predictor.clear();
        of_block.add(predictor, articles, *split.source, load(predictor, *split.source, std::move(rows)));
      }
      const std::vector<double> values = of_block.values();
      blocks.insert(blocks.end(), values.begin(), values.end());
    }
    if (progress) progress(share_done(taken, first + count, total, options));
  }
  must_be_usable(taken, split);
  sums.set_values(total_of(std::move(blocks), width, options.group), split.source->context());
  return sums.report();
}

}  // namespace runner::lvm::five_cat
