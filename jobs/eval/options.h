#pragma once
// Options of the eval job: 5CAT of a trained model.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/binder.h"
#include "config/common_options.h"
#include "engines/engine_choice.h"

namespace runner::jobs {

// The truth of tests A and D: the target itself, or the vector after it.
enum class EvalMode { fixed, legacy };
inline std::vector<std::string> words_of(EvalMode) {
  return {"fixed", "legacy"};
}

// All, or those that validated the model.
enum class SplitArticles { all, validation };
inline std::vector<std::string> words_of(SplitArticles) {
  return {"all", "validation"};
}

// One split: ready sequences, or windows cut from a vectors file. What is left out is taken from the run that
// made the model (its config.yaml).
struct EvalSplitOptions {
  std::vector<std::string> sequences, vectors;
  SplitArticles articles = SplitArticles::all;  // of the windows cut from `vectors`
  std::optional<std::int64_t> context, target_offset;
  std::optional<bool> within_article;
  std::optional<double> fraction;  // of the articles that validate
  bool given() const { return !sequences.empty() || !vectors.empty(); }
};

struct EvalOptions : config::CommonOptions {
  std::string model;
  std::vector<std::string> npz;  // own data: articles and val.vectors at once; see own_data()
  std::vector<std::string> articles;
  EvalSplitOptions val, ood;
  EvalMode mode = EvalMode::fixed;
  std::int64_t samples = 5000, horizon = 5;
  std::int64_t seed = 42;  // of the shuffles
  std::string device = "auto";
  std::optional<bool> device_fallback;  // default: true for auto
  // fitting: as the run that made the model; fp32 for a bare .pt
  lvm::PrecisionChoice precision = lvm::PrecisionChoice::fitting;
  std::string output = "artifacts/lvm/eval/{name}_{timestamp}.json";
};

void declare(config::Binder& b, EvalOptions& o);
std::vector<config::Problem> check(const EvalOptions& o);
// With npz: its vectors in place of articles and of what val was cut from, and no ood (whose articles are
// others).
EvalOptions own_data(EvalOptions o);
// How ready windows were cut, from the files.
std::vector<config::Problem> take_over(config::Binder& b, const EvalOptions& o);

}  // namespace runner::jobs
