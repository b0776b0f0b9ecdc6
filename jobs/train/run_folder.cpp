#include "jobs/train/run_folder.h"

#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "training/files/checkpoint.h"
#include "worker/launch/outcome.h"

namespace runner::jobs {
namespace fs = std::filesystem;

namespace {

constexpr const char* files_of_a_run[] = {"config.yaml",    "training_history.json", "best_model.pt",
                                          "final_model.pt", "model.safetensors",     "config.json",
                                          "metrics.jsonl",  "report.html",           "manifest.json"};

// One writer a folder. A killed run's worker may need a moment to go.
FileLock lock_folder(const fs::path& folder) {
  const fs::path path = runtime::run_lock(folder);
  for (int attempt = 0; attempt < 50; ++attempt) {
    if (auto lock = FileLock::try_lock(path)) return std::move(*lock);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  throw RunError(
      fmt::format("another run (process {}) writes into this folder; wait for it or take another --output",
                  FileLock::holder(path)),
      folder.string());
}

// NAME.….tmp of one of our files: nobody else writes here while the lock is ours.
bool is_temporary(const std::string& name) {
  if (!name.ends_with(".tmp")) return false;
  for (const char* file : files_of_a_run)
    if (name.starts_with(std::string(file) + ".")) return true;
  return false;
}

void remove_temporaries(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (is_temporary(it->path().filename().string()) && it->symlink_status().type() == fs::file_type::regular)
      fs::remove(it->path(), ignored);
  }
}

}  // namespace

RunFolder::RunFolder(const fs::path& path) : path_(path), lock_(lock_folder(path)) {
  remove_temporaries(path_);
  lvm::recover_checkpoints(path_ / "checkpoints");
  manifest_ = runtime::settle_own_outcome(path_);
}

bool RunFolder::in_place() const {
  return lock_.still_at(runtime::run_lock(path_));
}

void RunFolder::require_in_place() const {
  if (!in_place())
    throw RunError(
        "the run's folder was removed, renamed or replaced while the run was going on: nothing more can be "
        "saved in it. A folder that was renamed can be gone on with under its new name: --resume=DIR",
        path_.string());
}

void RunFolder::require_files() const {
  require_in_place();
  for (const char* file : files_of_a_run)
    if (std::error_code ignored; !fs::exists(path_ / file, ignored))
      throw RunError("was removed while the run was going on", (path_ / file).string());
}

}  // namespace runner::jobs
