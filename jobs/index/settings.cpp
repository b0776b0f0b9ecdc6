#include "jobs/index/settings.h"

#include <numeric>

#include "index/build/faiss_version.h"

namespace runner::jobs {

ann::BuildSettings build_settings(const IndexOptions& options, const data::Vectors& vectors) {
  ann::BuildSettings settings;
  settings.factory = options.factory;
  settings.metric = options.metric;
  settings.normalize = options.normalize;
  settings.nprobe = options.nprobe;
  if (options.tunes())
    settings.goal = ann::RecallGoal{options.queries, options.min_recall.value_or(0)};
  else if (options.search)
    settings.effort = std::stoll(*options.search);
  settings.train_sample = options.train_sample;
  settings.batch_rows = options.batch_rows;
  bool wants_ids = false;
  ann::without_id_map(options.factory, &wants_ids);
  if (options.ids) {
    settings.ids = vectors.integers(*options.ids);
  } else if (wants_ids) {
    settings.ids.resize(static_cast<std::size_t>(vectors.rows()));
    std::iota(settings.ids.begin(), settings.ids.end(), 0);
  }
  return settings;
}

ann::VerifySettings verify_settings(const IndexOptions& options) {
  return {options.queries, options.min_self_recall, options.min_recall};
}

Json comparable_settings(const IndexOptions& options) {
  const auto or_null = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
  Json settings = {{"normalize", options.normalize},
                   {"ids", or_null(options.ids)},
                   {"factory", options.factory},
                   {"metric", to_word(options.metric)},
                   {"nprobe", or_null(options.nprobe)},
                   {"train_sample", or_null(options.train_sample)},
                   {"min_recall", or_null(options.min_recall)},
                   {"faiss", ann::faiss_version()}};
  // Those that are newer than published manifests, where they are given: else all would be built again.
  if (options.search) settings["search"] = *options.search;
  if (options.tunes()) settings["queries"] = options.queries;
  return settings;
}

}  // namespace runner::jobs
