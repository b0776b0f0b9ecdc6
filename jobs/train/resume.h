#pragma once
// Where a run starts: a checkpoint that --resume names, or the beginning.

#include <filesystem>
#include <optional>

#include "contract/arguments.h"
#include "jobs/train/options.h"
#include "training/files/checkpoint.h"
#include "training/training_options.h"

namespace runner::jobs {

// The run's folder: --resume=DIR, or the output that arguments or options name. Throws UsageError when DIR is
// no folder of a run.
std::filesystem::path output_folder(const TrainOptions& options, const Arguments& arguments);

// The newest valid checkpoint of `folder` when --resume is given. None: a start from the beginning, which
// only
// --resume=auto may make, with a warning; with --resume=DIR it is a DataError.
std::optional<lvm::FoundCheckpoint> checkpoint_to_resume(const Arguments& arguments,
                                                         const std::filesystem::path& folder);

// The checkpoint is that of a finished run, and neither more epochs nor more steps are asked for.
bool already_finished(const lvm::FoundCheckpoint& found, const TrainOptions& options,
                      const lvm::TrainerOptions& trainer);

}  // namespace runner::jobs
