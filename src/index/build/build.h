#pragma once
// Building an index of any FAISS type from vectors.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/samples/vectors.h"
#include "index/build/build_times.h"
#include "index/build/metric.h"

namespace runner::ann {

// What a search of an approximate type shall reach.
struct RecallGoal {
  std::int64_t queries = 100;  // sampled rows
  double recall = 0;           // at 10
};

struct BuildSettings {
  std::string factory = "Flat";
  Metric metric = Metric::inner_product;
  bool normalize = true;
  std::vector<std::int64_t> ids;  // empty: row numbers; else IndexIDMap2
  std::optional<std::int64_t> nprobe, train_sample;
  std::optional<std::int64_t> effort;  // nprobe or what the type has (index/recall/effort.h)
  std::optional<RecallGoal> goal;      // the least effort that reaches it is looked for, and kept in the file
  std::int64_t batch_rows = 65536;
  std::filesystem::path trained;  // what train_index wrote; "": trained with the vectors themselves
};

// True for Flat (also inside IDMap, IDMap2): exact, built as a stream.
bool is_flat(const std::string& factory);
// The factory string without IDMap, or IDMap2, in front; `had` tells whether it was there.
std::string without_id_map(const std::string& factory, bool* had = nullptr);

// Reads every row: throws DataError for NaN, Inf, a row without direction where one is wanted, and for bytes
// that differ from the archive's CRC.
void check_values(const data::Vectors& vectors, const BuildSettings& settings);

// Builds into `file` and flushes it to disk. Throws RunError, DataError, Interrupted; nothing is left then.
// `progress` gets rows done.
BuildTimes build_index(const data::Vectors& vectors, const BuildSettings& settings,
                       const std::filesystem::path& file,
                       const std::function<void(std::int64_t)>& progress = {});

// Writes the trained and empty index that every part of one index is added to. Throws as build_index.
void train_index(const data::Vectors& vectors, const BuildSettings& settings,
                 const std::filesystem::path& file);

}  // namespace runner::ann
