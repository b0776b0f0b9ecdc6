#pragma once
// runner index: what its config says.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/common_options.h"
#include "index/build/metric.h"

namespace runner::jobs {

// Of a rebuild that finds another one running.
enum class IfLocked { wait, leave };
inline std::vector<std::string> words_of(IfLocked) {
  return {"wait", "leave"};
}

struct IndexOptions : config::CommonOptions {
  std::vector<std::string> inputs;  // vectors files, one after the other
  bool normalize = true;            // rows to length 1
  std::optional<std::string> ids;   // name of an integer array of the inputs; null: row numbers
  std::string factory = "Flat";     // FAISS factory string
  ann::Metric metric = ann::Metric::inner_product;
  std::optional<std::int64_t> nprobe;        // inverted lists searched; null: FAISS's default
  std::optional<std::string> search;         // auto, or nprobe or efSearch, whichever the type has
  std::optional<std::int64_t> train_sample;  // rows to train with; null: as many as the type needs
  std::int64_t batch_rows = 65536;           // rows added at a time; other types than Flat
  std::int64_t queries = 100;                // sampled rows that are searched for
  double min_self_recall = 1.0;              // share of sampled rows that find themselves, by score
  std::optional<double> min_recall;          // recall at 10 against exact search; approximate types
  std::int64_t keep = 3;                     // versions kept, the published one included
  bool skip_if_unchanged = true;
  bool keep_shards = false;  // parts stay after --merge
  IfLocked if_locked = IfLocked::wait;
  std::string output = "artifacts/index/cppdocs_flat_ip.index";
  bool tunes() const { return search == "auto"; }
};

void declare(config::Binder& b, IndexOptions& o);
std::vector<config::Problem> check(const IndexOptions& o);

}  // namespace runner::jobs
