#include "jobs/train/resume.h"

#include "base/error.h"
#include "base/log.h"

namespace runner::jobs {
namespace fs = std::filesystem;

namespace {

// DIR of --resume=DIR, or "".
std::string named_folder(const Json& arguments) {
  const std::string resume = arguments.value("resume", "");
  return resume == "auto" ? "" : resume;
}

// The step of the newest checkpoint whose state can be read, and whether its run was finished.
std::pair<std::int64_t, bool> newest_state(const std::vector<fs::path>& checkpoints) {
  for (const fs::path& checkpoint : checkpoints) {
    try {
      const Json state = lvm::read_checkpoint_state(checkpoint);
      return {state.at("step").get<std::int64_t>(), state.at("finished").get<bool>()};
    } catch (const DataError&) {
      continue;  // damaged: the one before tells
    }
  }
  return {0, false};
}

}  // namespace

fs::path output_folder(const TrainOptions& options, const Json& arguments) {
  if (arguments.contains("output"))
    return arguments["output"].get<std::string>();  // a restart by the supervisor
  const std::string named = named_folder(arguments);
  if (named.empty()) return options.output;
  const fs::path folder = named;
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

std::optional<lvm::FoundCheckpoint> checkpoint_to_resume(const Json& arguments, const fs::path& folder) {
  if (!arguments.contains("resume")) return std::nullopt;
  auto found = lvm::newest_valid_checkpoint(folder / "checkpoints");
  if (found) return found;
  if (!named_folder(arguments).empty())
    throw DataError("no valid checkpoint to go on from; start a new run without --resume",
                    (folder / "checkpoints").string());
  spdlog::info("no checkpoint in {}: starting from the beginning", (folder / "checkpoints").string());
  return std::nullopt;
}

bool already_finished(const lvm::FoundCheckpoint& found, const TrainOptions& options,
                      const lvm::TrainerOptions& trainer) {
  const Json& state = found.state;
  if (!state.at("finished").get<bool>()) return false;
  if (state.value("stopped_early", false)) return true;
  const bool more_epochs = state.at("epoch").get<std::int64_t>() < options.epochs && trainer.max_steps == 0;
  const bool more_steps = trainer.max_steps > state.at("step").get<std::int64_t>();
  return !more_epochs && !more_steps;
}

void set_checkpoints_aside(const fs::path& folder) {
  const fs::path current = folder / "checkpoints", aside = folder / "checkpoints.old";
  const auto checkpoints = lvm::list_checkpoints(current);
  if (checkpoints.empty()) return;
  const auto [step, finished] = newest_state(checkpoints);
  std::error_code error;
  if (finished) {
    spdlog::info("{}: the checkpoints of the finished run before are removed", folder.string());
    fs::remove_all(current, error);
  } else {
    spdlog::warn(
        "{}: a run that was not finished (step {}) has left checkpoints; they are now in {}. To go on with "
        "it "
        "instead: stop, move them back to checkpoints/, and --resume",
        folder.string(), step, aside.string());
    fs::remove_all(aside, error);
    fs::rename(current, aside, error);
  }
  if (error)
    throw RunError("cannot put the earlier run's checkpoints aside: " + error.message(), current.string());
}

}  // namespace runner::jobs
