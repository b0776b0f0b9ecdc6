#pragma once
// A new index file, read back and searched before anybody gets it.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/json.h"
#include "index/build/build.h"
#include "index/recall/effort.h"

namespace runner::ann {

struct VerifySettings {
  std::int64_t queries = 100;        // sampled rows
  double min_self_recall = 1.0;      // exact types
  std::optional<double> min_recall;  // approximate types, at 10
};

struct Verification {
  bool exact = false;
  std::int64_t queries = 0;
  double self_recall = 0;        // by score: an equal row with the same score counts as found
  std::optional<double> recall;  // at 10, against exact search; approximate types only
  std::optional<Effort> effort;  // of a search of this file; types that have one
  std::string advice;            // where verify.min_recall is missed or just reached: what would do better
  bool read_by_faiss = false;    // files that FAISS would hold in memory are scanned by us alone
  Json to_json() const;
};

// Checks number and width of the vectors, sampled rows against the input, and the recalls. The vectors must
// allow random access. Throws RunError when the file is not what was to be built, GateError when a recall is
// too low.
Verification verify_index(const std::filesystem::path& file, const data::Vectors& vectors,
                          const BuildSettings& build, const VerifySettings& settings);

}  // namespace runner::ann
