#include "jobs/train/resume.h"

#include "base/error.h"
#include "base/log.h"
#include "base/shell_quote.h"

namespace runner::jobs {
namespace fs = std::filesystem;

namespace {

// DIR of --resume=DIR, or "".
std::string named_folder(const Json& arguments) {
  const std::string resume = arguments.value("resume", "");
  return resume == "auto" ? "" : resume;
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
  spdlog::warn("--resume: there is no checkpoint in {} to go on from: starting from the beginning",
               (folder / "checkpoints").string());
  return std::nullopt;
}

std::string resume_line(const Json& launch, const fs::path& folder) {
  return launch.value("resume", "runner train CONFIG") + " --resume --output " +
         shell_quoted(folder.string());
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

}  // namespace runner::jobs
