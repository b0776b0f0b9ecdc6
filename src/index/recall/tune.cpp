#include "index/recall/tune.h"

#include <algorithm>

#include "base/log.h"
#include "base/status.h"
#include "index/recall/effort.h"
#include "index/recall/recall.h"

namespace runner::ann {

void tune(faiss::Index& index, const InputRows& input, const BuildSettings& settings) {
  const std::optional<Effort> effort = effort_of(index);
  if (!settings.goal || !effort) return;
  status::set_phase("look for the search effort");
  const Sample sample = draw_sample(input, settings.goal->queries);
  const RecallTest test(input, settings.metric, sample);
  const double aim = aimed_recall(settings.goal->recall);
  const FoundEffort found = find_effort(*effort, aim, [&](std::int64_t value) {
    set_effort(index, value);
    status::beat();
    return test.of(index).at_10;
  });
  set_effort(index, found.value);
  spdlog::info("index.search: {} {}{}: a recall at 10 of {:.4f} on {} sampled rows", effort->name,
               found.value, found.reached ? "" : ", all there is", found.recall, sample.count());
}

}  // namespace runner::ann
