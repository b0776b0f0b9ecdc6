#include "five_cat/five_cat.h"

#include <algorithm>

#include "base/error.h"
#include "five_cat/ablations.h"
#include "five_cat/five_tests.h"
#include "five_cat/split_figures.h"

namespace runner::lvm::cat {

namespace {

// Tests that are full cost nothing more, however many samples are still looked at; where few qualify, it ends
// with the last sample.
double share_done(const Taken& taken, std::int64_t looked_at, std::int64_t total, const Options& options) {
  const double full = static_cast<double>(taken.a + taken.b + taken.c + taken.d + taken.e) /
                      (5.0 * static_cast<double>(options.samples));
  return std::max(full, static_cast<double>(looked_at) / static_cast<double>(total));
}

}  // namespace

SplitReport run(Predictor& predictor, const Articles& articles, const Split& split, const Options& options,
                const std::function<void(double)>& progress) {
  const torch::NoGradGuard no_grad;
  constexpr std::int64_t kBlock = 256;  // samples at once: neighbouring windows share most of their vectors
  Offsets a;
  Retrieval b;
  Ablations c;
  Rollout d(options.horizon);
  Coherence e;
  const auto baselines = fixed_baselines(options.shares);
  FigureSums figures(baselines);
  Taken taken;
  const auto total = static_cast<std::int64_t>(split.ids.size());
  if (progress) progress(0);
  for (std::int64_t first = 0; first < total; first += kBlock) {
    const auto count = std::min(kBlock, total - first);
    auto rows = choose(articles, *split.source, split.ids.data() + first, count, options, taken);
    if (!rows.empty()) {
      predictor.clear();
      const Block block = load(predictor, *split.source, std::move(rows));
      a.add(articles, block);
      b.add(articles, block);
      c.add(predictor, block, options.seed);
      d.add(predictor, articles, block, options.legacy);
      e.add(block);
      figures.add(articles, *split.source, block);
    }
    if (progress) progress(share_done(taken, first + count, total, options));
  }
  const std::string place = std::string("split ") + split.name;
  if (taken.a == 0)
    throw DataError(
        "test A has no usable row: no target with three places before and after it in `articles`; "
        "do article and chunk numbers belong to the same data?",
        place);
  if (taken.b == 0)
    throw DataError("test B has no usable row: no target in an article of at least six rows of `articles`",
                    place);
  SplitReport out;
  a.write(out.tests, options.legacy);
  b.write(out.tests);
  c.write(out.tests);
  d.write(out.tests, options.target_offset);
  e.write(out.tests);
  figures.write(out);
  return out;
}

}  // namespace runner::lvm::cat
