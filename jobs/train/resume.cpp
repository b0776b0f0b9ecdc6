#include "jobs/train/resume.h"

#include "base/error.h"
#include "base/log.h"

namespace runner::jobs {
namespace fs = std::filesystem;

namespace {

// DIR of --resume=DIR, or "".
std::string named_folder(const Arguments& arguments) {
  const std::string resume = arguments.resume.value_or("auto");
  return resume == "auto" ? "" : resume;
}

}  // namespace

fs::path output_folder(const TrainOptions& options, const Arguments& arguments) {
  if (!arguments.output.empty()) return arguments.output;
  const std::string named = named_folder(arguments);
  if (named.empty()) return options.output;
  fs::path folder = named;
  if (fs::exists(folder / "state.json"))
    throw UsageError("is one checkpoint; name the folder of its run: --resume=" +
                         fs::absolute(folder).lexically_normal().parent_path().parent_path().string() +
                         " (its newest is taken)",
                     "--resume=" + named);
  if (!fs::is_directory(folder / "checkpoints"))
    throw UsageError("is no folder of a run (it has no checkpoints/); --resume alone goes on in --output",
                     "--resume=" + named);
  return folder;
}

std::optional<lvm::FoundCheckpoint> checkpoint_to_resume(const Arguments& arguments, const fs::path& folder) {
  if (!arguments.resume) return std::nullopt;
  auto found = lvm::newest_valid_checkpoint(folder / "checkpoints");
  if (found) return found;
  if (!named_folder(arguments).empty())
    throw DataError("no valid checkpoint to go on from; start a new run without --resume",
                    (folder / "checkpoints").string());
  spdlog::warn("--resume: there is no checkpoint in {} to go on from: starting from the beginning",
               (folder / "checkpoints").string());
  return std::nullopt;
}

bool already_finished(const lvm::FoundCheckpoint& found, const TrainOptions& options,
                      const lvm::TrainerOptions& trainer) {
  const lvm::TrainerState& state = found.state;
  if (!state.finished) return false;
  if (state.stopped_early) return true;
  const bool more_epochs = state.epoch < options.epochs && trainer.max_steps == 0;
  const bool more_steps = trainer.max_steps > state.step;
  return !more_epochs && !more_steps;
}

}  // namespace runner::jobs
