#include "worker/launch/outcome.h"

#include "base/error.h"
#include "base/file_lock.h"
#include "base/log.h"

namespace runner::runtime {
namespace fs = std::filesystem;

namespace {

fs::path manifest_of(const fs::path& folder) {
  return folder / "manifest.json";
}

}  // namespace

fs::path run_lock(const fs::path& folder) {
  return folder / ".lock";
}

void record_crash(const fs::path& folder, const CrashFacts& facts, const LaunchRecord& launch) {
  std::error_code ignored;
  if (folder.empty() || !fs::is_directory(folder, ignored)) return;
  if (FileLock::held(run_lock(folder))) return;  // another run's by now
  try {
    Manifest manifest = Manifest::read_if_valid(manifest_of(folder)).value_or(Manifest(facts.job, launch));
    manifest.set_outcome(facts.ending.stalled ? "stalled" : "crashed");
    manifest.set("crash", CrashRecord{crash_line(facts), facts.ending.signal, facts.phase, facts.step,
                                      facts.ending.stacks, facts.ending.peak_memory_kib});
    manifest.write(manifest_of(folder));
  } catch (const std::exception& error) {
    spdlog::warn("{}: cannot record the crash: {}", manifest_of(folder).string(), error.what());
  }
}

namespace {

// The run says that it goes on, and nobody holds its folder's lock.
bool is_stale(const fs::path& folder, const std::optional<Manifest>& manifest) {
  return manifest && manifest->is_running() && !FileLock::held(run_lock(folder));
}

}  // namespace

std::optional<Manifest> settle_own_outcome(const fs::path& folder, const std::string& outcome) {
  const fs::path file = manifest_of(folder);
  std::optional<Manifest> manifest = Manifest::read_if_valid(file);
  if (!manifest || !manifest->is_running()) return manifest;
  manifest->set_outcome(outcome);
  std::error_code ignored;
  const auto written = fs::last_write_time(file, ignored);
  try {
    manifest->write(file);
    fs::last_write_time(file, written, ignored);  // when the run was last there itself
  } catch (const Error& error) {
    spdlog::debug("{}",
                  error.line());  // a folder to read only, a full disk: what is returned is true all the same
  }
  return manifest;
}

std::optional<Manifest> settle_outcome(const fs::path& folder, const std::string& outcome) {
  std::optional<Manifest> manifest = Manifest::read_if_valid(manifest_of(folder));
  if (!is_stale(folder, manifest)) return manifest;
  manifest->set_outcome(outcome);
  try {
    // Under the lock, and read again: a run may have started in between.
    if (const auto lock = FileLock::try_lock(run_lock(folder))) return settle_own_outcome(folder, outcome);
    return Manifest::read_if_valid(manifest_of(folder));
  } catch (const std::exception& error) {
    spdlog::debug("{}: {}", folder.string(), error.what());  // a folder to read only
    return manifest;
  }
}

}  // namespace runner::runtime
