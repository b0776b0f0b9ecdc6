#pragma once
// runner sequences: what its config says.

#include <cstdint>
#include <string>
#include <vector>

#include "config/common_options.h"
#include "data/samples/windows.h"

namespace runner::jobs {

enum class SequenceMethod { window, neighbors };
inline std::vector<std::string> words_of(SequenceMethod) {
  return {"window", "neighbors"};
}

struct SequencesOptions : config::CommonOptions {
  std::vector<std::string> inputs;  // vectors files, or sequences files to convert
  SequenceMethod method = SequenceMethod::window;
  std::int64_t context = 5;                               // vectors a context
  std::int64_t target_offset = data::next_vector_offset;  // window only
  bool within_article = true;                 // false: legacy windows, or neighbours from all articles
  std::vector<std::string> exclude_articles;  // "1500-1999" or "7"
  std::int64_t min_article_length = 0;        // rows
  bool compress = false;                      // deflated output
  bool legacy_metadata = false;               // also the old tools' pickled metadata
  std::string output = "artifacts/lvm/training_sequences_ctx5.npz";
};

data::WindowOptions window_options(const SequencesOptions& o);
void declare(config::Binder& b, SequencesOptions& o);
std::vector<config::Problem> check(const SequencesOptions& o);

}  // namespace runner::jobs
