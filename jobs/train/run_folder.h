#pragma once
// The folder that a run writes into: one writer at a time, and what an earlier writer's death has left put
// right first.

#include <filesystem>

#include "base/file_lock.h"
#include "base/json.h"

namespace runner::jobs {

class RunFolder {
 public:
  // Creates and locks the folder. Under the lock, temporary files of killed runs go, a checkpoint that was
  // about to be replaced comes back, and a manifest that says "running" gets "interrupted". Throws RunError
  // when another run holds it.
  explicit RunFolder(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  // manifest.json as the run before has left it; nothing when there is none.
  const std::optional<Manifest>& manifest_before() const { return manifest_; }

  bool in_place() const;
  // Throws RunError when the folder was removed, renamed or replaced since it was locked.
  void require_in_place() const;
  // Throws RunError naming the first file of a finished run that is not there.
  void require_files() const;

 private:
  std::filesystem::path path_;
  FileLock lock_;
  std::optional<Manifest> manifest_;
};

}  // namespace runner::jobs
