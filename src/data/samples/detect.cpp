#include "data/samples/detect.h"

#include "base/error.h"
#include "base/log.h"

namespace runner::data {
namespace {

// X names vectors when it is 2-D and contexts when it is 3-D.
std::optional<std::string> named(const Npz& file, std::initializer_list<const char*> names,
                                 std::size_t x_rank) {
  if (auto name = file.first_of(names)) return name;
  if (file.has("X") && file.array("X").rank() == x_rank) return "X";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_vectors(const Npz& file) {
  if (file.is_npy()) return "";
  return named(file, {"vectors", "fused", "embeddings", "concept_vecs", "predictions"}, 2);
}

std::optional<std::string> find_contexts(const Npz& file) {
  if (file.is_npy()) return std::nullopt;
  return named(file, {"context_sequences", "contexts", "context", "train_context_sequences"}, 3);
}

std::optional<std::string> find_targets(const Npz& file) {
  if (file.is_npy()) return std::nullopt;
  return file.first_of({"target_vectors", "targets", "target", "y", "train_target_vectors"});
}

FileKind detect(const std::string& path) {
  const Npz file(path);
  if (find_contexts(file) && find_targets(file)) return FileKind::sequences;
  if (find_vectors(file)) return FileKind::vectors;
  throw DataError(
      fmt::format("neither vectors (vectors, fused, embeddings, concept_vecs or a 2-D X) nor sequences "
                  "(context_sequences with target_vectors, or their other names); the file has {}",
                  fmt::join(file.names(), ", ")),
      path);
}

}  // namespace runner::data
