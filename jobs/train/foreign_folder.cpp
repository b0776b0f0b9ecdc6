#include "jobs/train/foreign_folder.h"

#include <fstream>
#include <string>

#include "base/error.h"
#include "base/signatures.h"

namespace runner::jobs {
namespace fs = std::filesystem;

namespace {

bool is_there(const fs::path& path) {
  std::error_code error;
  const fs::file_status there = fs::symlink_status(path, error);
  return fs::exists(there) && !(fs::is_directory(there) && fs::is_empty(path, error));
}

// As RunFiles writes it: each value with where it came from.
bool is_resolved_config(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return false;
  std::ifstream in(path);
  bool train = false, origins = false;
  for (std::string line; std::getline(in, line) && !(train && origins);) {
    train = train || line.starts_with("job: train");
    origins = origins || line.ends_with("  # default");
  }
  return train && origins;
}

bool has_checkpoints(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder / "checkpoints", error), end; !error && it != end;
       it.increment(error))
    if (it->path().filename().string().starts_with("step-")) return true;
  return false;
}

void refuse(const fs::path& folder, const char* name) {
  throw UsageError(std::string("holds a ") + name +
                       " that is not of a training run and would be replaced; take another --output",
                   folder.string());
}

}  // namespace

void refuse_foreign_folder(const fs::path& folder) {
  const fs::path manifest = folder / "manifest.json";
  if (is_there(manifest)) {
    if (!is_manifest_of("train", manifest)) refuse(folder, "manifest.json");
    return;
  }
  if (is_there(folder / "config.yaml") && !is_resolved_config(folder / "config.yaml"))
    refuse(folder, "config.yaml");
  // A run that was killed before its manifest has the one or the other.
  if (is_there(folder / "config.yaml") || has_checkpoints(folder)) return;
  for (const char* name :
       {"best_model.pt", "final_model.pt", "model.safetensors", "config.json", "metrics.jsonl",
        "training_history.json", "report.html", "train.log", "tensorboard", "checkpoints"})
    if (is_there(folder / name)) refuse(folder, name);
}

}  // namespace runner::jobs
