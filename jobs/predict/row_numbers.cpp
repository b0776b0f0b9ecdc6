#include "jobs/predict/row_numbers.h"

#include "base/json_file.h"
#include "base/log.h"
#include "data/samples/vectors.h"
#include "index/build/hash_cache.h"
#include "index/publish/publish.h"

namespace runner::jobs {
namespace {

std::string by_manifest(const Manifest& manifest, const std::vector<std::string>& inputs) {
  const std::string ids = text_in(manifest.settings(), "ids");
  if (!ids.empty()) return "its ids are the array " + ids + " of what it was built from, not row numbers";
  const bool same = hashes_of(manifest.inputs()) == hashes_of(ann::input_hashes(inputs));
  return same ? "" : "its manifest says it was built from other data";
}

}  // namespace

std::string no_row_numbers(const std::string& index, std::int64_t rows,
                           const std::vector<std::string>& inputs) {
  std::optional<Manifest> manifest = ann::published_manifest({index});
  if (!manifest) manifest = Manifest::read_if_valid(manifest_beside(index));  // a version by its own name
  if (manifest) return by_manifest(*manifest, inputs);
  const std::int64_t own = data::Vectors(inputs).rows();
  return own == rows ? "" : fmt::format("it holds {} vectors, the input {}", rows, own);
}

}  // namespace runner::jobs
