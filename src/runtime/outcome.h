#pragma once
// Inside runtime/ only: what a crash leaves in the run's folder.

#include <filesystem>
#include <string>

#include "runtime/crash_report.h"

namespace runner::runtime {

// Writes outcome ("crashed", "stalled"), and "crash" with signal, phase, step and stack into
// FOLDER/manifest.json, keeping the rest. Creates it with `launch` when the worker had not come so far.
// Nothing when the folder is absent; a failure to write is a log line: the crash itself is the news.
void record_crash(const std::filesystem::path& folder, const CrashFacts& facts, const Json& launch);

}  // namespace runner::runtime
