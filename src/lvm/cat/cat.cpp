#include "lvm/cat/cat.h"

#include <algorithm>

#include "base/error.h"
#include "lvm/cat/figures.h"
#include "lvm/cat/tests.h"

namespace runner::lvm::cat {

Json run(Predictor& predictor, const Articles& articles, const Split& split, const Options& options,
         const std::function<void(std::int64_t)>& progress) {
  const torch::NoGradGuard no_grad;
  constexpr std::int64_t kBlock = 256;  // samples at once: neighbouring windows share most of their vectors
  Offsets a;
  Retrieval b;
  Ablations c;
  Rollout d(options.horizon);
  Coherence e;
  const auto baselines = fixed_baselines(options.shares);
  Figures figures(baselines);
  Taken taken;
  const auto total = static_cast<std::int64_t>(split.ids.size());
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
    if (progress) progress(first + count);
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
  Json out = Json::object();
  a.write(out, options.legacy);
  b.write(out);
  c.write(out);
  d.write(out, options.target_offset);
  e.write(out);
  figures.write(out);
  return out;
}

}  // namespace runner::lvm::cat
