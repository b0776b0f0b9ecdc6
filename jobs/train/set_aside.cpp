#include "jobs/train/set_aside.h"

#include <string>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/shell_quote.h"
#include "training/files/checkpoint.h"

namespace runner::jobs {
namespace fs = std::filesystem;

namespace {

// In checkpoints.old: what a resume appends to or leaves as it is.
constexpr const char* kept_files = "run";
constexpr const char* goes_along[] = {"metrics.jsonl", "training_history.json", "best_model.pt",
                                      "tensorboard"};

// Checkpoints of a run that is to be gone on with, unless the newest readable one says that it is finished.
bool is_unfinished(const std::vector<fs::path>& checkpoints, std::int64_t& step) {
  for (const fs::path& checkpoint : checkpoints) {
    try {
      const lvm::TrainerState state = lvm::read_checkpoint_state(checkpoint);
      step = state.step;
      return !state.finished;
    } catch (const DataError&) {
      continue;  // damaged: the one before tells
    }
  }
  return true;
}

// `path`, or the first of path_2, path_3, … that is not there.
fs::path free_name(const fs::path& path) {
  fs::path name = path;
  std::error_code error;
  for (int i = 2; fs::exists(fs::symlink_status(name, error)); ++i)
    name = path.string() + "_" + std::to_string(i);
  return name;
}

void move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) throw RunError("cannot move it to " + to.string() + ": " + error.message(), from.string());
}

// The files first and the folder last: killed in between, the run is still there to be resumed.
void move_along(const fs::path& folder, const fs::path& checkpoints) {
  const fs::path kept = checkpoints / kept_files;
  std::error_code error;
  fs::create_directory(kept, error);
  for (const char* name : goes_along)
    if (fs::exists(folder / name, error)) {
      fs::remove_all(kept / name, error);
      move(folder / name, kept / name);
    }
}

// The way back, as lines to paste. The command is that of the run that was set aside.
std::string way_back(const fs::path& folder, const fs::path& aside, const std::optional<Manifest>& manifest) {
  const fs::path current = folder / "checkpoints";
  LaunchRecord launch;
  if (manifest) launch.resume = manifest->resume();
  const std::string command = resume_line(launch, folder.string());
  return fmt::format("mv {} {} && mv {} {} && {}", shell_quoted(current.string()),
                     shell_quoted(free_name(folder / "checkpoints.new").string()),
                     shell_quoted(aside.string()), shell_quoted(current.string()), command);
}

}  // namespace

void set_checkpoints_aside(const fs::path& folder, const std::optional<Manifest>& manifest) {
  const fs::path current = folder / "checkpoints";
  const auto checkpoints = lvm::list_checkpoints(current);
  if (checkpoints.empty()) return;
  std::int64_t step = 0;
  if (!is_unfinished(checkpoints, step)) {
    spdlog::info("{}: the checkpoints of the finished run before are removed", folder.string());
    std::error_code error;
    fs::remove_all(current, error);
    if (error)
      throw RunError("cannot remove the earlier run's checkpoints: " + error.message(), current.string());
    return;
  }
  const fs::path aside = free_name(folder / "checkpoints.old");
  move_along(folder, current);
  move(current, aside);
  spdlog::warn(
      "{}: a run that was not finished (step {}) has left checkpoints; they are now in {}. To go on with it "
      "instead, stop this run, then:\n  {}",
      folder.string(), step, aside.string(), way_back(folder, aside, manifest));
}

void bring_back(const fs::path& folder) {
  const fs::path kept = folder / "checkpoints" / kept_files;
  std::error_code error;
  if (!fs::is_directory(kept, error)) return;
  for (const char* name : goes_along)
    if (fs::exists(kept / name, error)) {
      fs::remove_all(folder / name, error);
      move(kept / name, folder / name);
    }
  fs::remove(kept, error);
}

}  // namespace runner::jobs
