#pragma once
// The outcome in a run's manifest.json, written by others than the run itself: by its launcher after a crash,
// and by whoever opens the folder of a run that ended without a word (a kill, a power cut, a full disk).

#include <filesystem>
#include <optional>
#include <string>

#include "contract/manifest.h"
#include "worker/supervise/crash_report.h"

namespace runner::runtime {

// Held by a run for as long as it writes into its folder.
std::filesystem::path run_lock(const std::filesystem::path& folder);

// Writes outcome ("crashed", "stalled"), and "crash" with signal, phase, step and stack into
// FOLDER/manifest.json, keeping the rest. Creates it with `launch` when the worker had not come so far.
// Nothing when the folder is absent; a failure to write is a log line: the crash itself is the news.
void record_crash(const std::filesystem::path& folder, const CrashFacts& facts, const LaunchRecord& launch);

// Where FOLDER/manifest.json says "running" and nobody holds the folder's lock, `outcome` goes into it, if it
// can be written. Returns the manifest with the outcome that is true now; nothing when there is none that can
// be read.
std::optional<Manifest> settle_outcome(const std::filesystem::path& folder,
                                       const std::string& outcome = "interrupted");

// The same for the holder of the folder's lock.
std::optional<Manifest> settle_own_outcome(const std::filesystem::path& folder,
                                           const std::string& outcome = "interrupted");

}  // namespace runner::runtime
