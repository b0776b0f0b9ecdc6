#include "worker/launch/outcome.h"

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/json_file.h"
#include "base/log.h"

namespace runner::runtime {
namespace fs = std::filesystem;

namespace {

fs::path manifest_of(const fs::path& folder) {
  return folder / "manifest.json";
}

// Null when there is none, or none that can be read.
Json read_manifest(const fs::path& folder) {
  std::error_code ignored;
  const fs::path path = manifest_of(folder);
  if (!fs::is_regular_file(path, ignored)) return nullptr;
  try {
    return read_json_file(path);
  } catch (const Error&) {
    return nullptr;  // vanished in between, damaged, or not ours to read
  }
}

void write_manifest(const fs::path& folder, const Json& manifest) {
  write_file_atomically(manifest_of(folder), json_text(manifest, 2) + "\n");
}

}  // namespace

fs::path run_lock(const fs::path& folder) {
  return folder / ".lock";
}

void record_crash(const fs::path& folder, const CrashFacts& facts, const Json& launch) {
  std::error_code ignored;
  if (folder.empty() || !fs::is_directory(folder, ignored)) return;
  if (FileLock::held(run_lock(folder))) return;  // another run's by now
  try {
    Json manifest = read_manifest(folder);
    if (manifest.is_null()) manifest = Json{{"job", facts.job}, {"launch", launch}};
    manifest["outcome"] = facts.ending.stalled ? "stalled" : "crashed";
    manifest["crash"] =
        Json{{"message", crash_line(facts)},  {"signal", facts.ending.signal},
             {"phase", facts.phase},          {"step", facts.step},
             {"stacks", facts.ending.stacks}, {"peak_memory_kib", facts.ending.peak_memory_kib}};
    write_manifest(folder, manifest);
  } catch (const std::exception& error) {
    spdlog::warn("{}: cannot record the crash: {}", manifest_of(folder).string(), error.what());
  }
}

bool is_running(const Json& manifest) {
  return text_in(manifest, "outcome") == "running";
}

bool is_stale(const fs::path& folder, const Json& manifest) {
  return is_running(manifest) && !FileLock::held(run_lock(folder));
}

bool has_ended(const Json& manifest) {
  const std::string outcome = text_in(manifest, "outcome");
  return outcome == "finished" || outcome == "stopped early" || outcome == "gate failed";
}

Json settle_own_outcome(const fs::path& folder, const std::string& outcome) {
  Json manifest = read_manifest(folder);
  if (!is_running(manifest)) return manifest;
  manifest["outcome"] = outcome;
  std::error_code ignored;
  const auto written = fs::last_write_time(manifest_of(folder), ignored);
  try {
    write_manifest(folder, manifest);
    fs::last_write_time(manifest_of(folder), written, ignored);  // when the run was last there itself
  } catch (const Error& error) {
    spdlog::debug("{}",
                  error.line());  // a folder to read only, a full disk: what is returned is true all the same
  }
  return manifest;
}

Json settle_outcome(const fs::path& folder, const std::string& outcome) {
  Json manifest = read_manifest(folder);
  if (!is_stale(folder, manifest)) return manifest;
  manifest["outcome"] = outcome;
  try {
    // Under the lock, and read again: a run may have started in between.
    if (const auto lock = FileLock::try_lock(run_lock(folder))) return settle_own_outcome(folder, outcome);
    return read_manifest(folder);
  } catch (const std::exception& error) {
    spdlog::debug("{}: {}", folder.string(), error.what());  // a folder to read only
    return manifest;
  }
}

}  // namespace runner::runtime
