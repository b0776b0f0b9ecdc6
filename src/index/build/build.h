#pragma once
// Building an index of any FAISS type from vectors, with its needs known before anything is read.

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

struct BuildSettings {
  std::string factory = "Flat";
  Metric metric = Metric::inner_product;
  bool normalize = true;
  std::vector<std::int64_t> ids;  // empty: row numbers; else IndexIDMap2
  std::optional<std::int64_t> nprobe, train_sample;
  std::int64_t batch_rows = 65536;
  std::filesystem::path trained;  // what train_index wrote; "": trained with the vectors themselves
};

// True for Flat (also inside IDMap, IDMap2): exact, built as a stream.
bool is_flat(const std::string& factory);
// The factory string without IDMap, or IDMap2, in front; `had` tells whether it was there.
std::string without_id_map(const std::string& factory, bool* had = nullptr);

struct Needs {
  std::int64_t rows = 0, width = 0;
  std::int64_t train_rows = 0;     // 0: nothing to train
  std::uint64_t index_bytes = 0;   // of the file; for other types than Flat an estimate
  std::uint64_t memory_bytes = 0;  // of the whole build, an estimate
  std::uint64_t disk_free = 0, memory_free = 0;
  double seconds = 0;  // a rough guess
};

// Throws UsageError for a factory string that FAISS does not understand.
Needs estimate(const data::Vectors& vectors, const BuildSettings& settings,
               const std::filesystem::path& folder);
// Throws RunError with the estimate when memory or disk will not do.
void refuse_what_will_not_fit(const Needs& needs, const BuildSettings& settings,
                              const std::filesystem::path& folder);

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
