#include "jobs/train/foreign_folder.h"

#include <sys/stat.h>

#include <fstream>
#include <string>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
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

// What is replaced at an epoch's end, hours later, must be a file; what only accompanies the run may be
// amiss.
void refuse_links_and_devices(const fs::path& folder) {
  for (const std::string& name : names_in_a_run()) {
    if (name == "train.log" || name == "tensorboard") continue;
    struct stat info {};
    const bool is_folder = name == "checkpoints";  // may lie on another disk, behind a link
    const int there =
        is_folder ? ::stat((folder / name).c_str(), &info) : ::lstat((folder / name).c_str(), &info);
    if (there != 0 || (is_folder ? S_ISDIR(info.st_mode) : S_ISREG(info.st_mode))) continue;
    throw UsageError(fmt::format("is {}, where a run writes {}; move it away or take another --output",
                                 describe_kind(info.st_mode), is_folder ? "a folder" : "a file"),
                     (folder / name).string());
  }
}

void refuse(const fs::path& folder, const std::string& name) {
  throw UsageError(
      "holds a " + name + " that is not of a training run and would be replaced; take another --output",
      folder.string());
}

}  // namespace

void refuse_foreign_folder(const fs::path& folder) {
  const fs::path manifest = folder / "manifest.json", config = folder / "config.yaml";
  if (is_there(manifest)) {
    if (!is_manifest_of("train", manifest)) refuse(folder, "manifest.json");
  } else if (is_there(config)) {
    if (!is_resolved_config(config)) refuse(folder, "config.yaml");
  } else if (!has_checkpoints(folder)) {
    // A run that was killed before its manifest has the one or the other.
    for (const std::string& name : names_in_a_run())
      if (is_there(folder / name)) refuse(folder, name);
  }
  refuse_links_and_devices(folder);
}

}  // namespace runner::jobs
