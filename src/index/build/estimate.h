#pragma once
// What building an index will need, known before anything is read.

#include <cstdint>
#include <filesystem>

#include "data/samples/vectors.h"
#include "index/build/build.h"

namespace runner::ann {

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

}  // namespace runner::ann
