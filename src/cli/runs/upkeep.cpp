#include "cli/runs/upkeep.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/file_lock.h"
#include "base/json_file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/secrets.h"
#include "base/signatures.h"
#include "data/content_hash.h"
#include "worker/launch/outcome.h"

namespace runner::cli {
namespace fs = std::filesystem;

namespace {

void verify_inputs(const Json& list, std::vector<Finding>& findings) {
  if (!list.is_array()) return;
  for (const Json& input : list) {
    const std::string path = reveal_secrets(text_in(input, "path")), then = text_in(input, "xxh64");
    if (path.empty() || then.empty()) continue;
    std::error_code error;
    if (!fs::exists(path, error)) {
      findings.push_back({path, "missing"});
      continue;
    }
    const std::string now = data::hash_file(path);
    findings.push_back({path,
                        now == then ? "ok" : fmt::format("changed: {} when it was read, now {}", then, now),
                        now == then});
  }
}

void verify_file(const fs::path& file, std::vector<Finding>& findings) {
  std::error_code error;
  const bool there = fs::is_regular_file(file, error) && fs::file_size(file, error) > 0;
  findings.push_back({file.string(), there ? "ok" : "missing or empty", there});
}

// What a `latest` beside the run, or anywhere below `folder`, points to.
std::set<fs::path> latest_below(const fs::path& folder) {
  std::set<fs::path> targets;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (!at->is_symlink(gone)) continue;
    const fs::path to = fs::canonical(at->path(), gone);
    if (!gone) targets.insert(to);
  }
  return targets;
}

// The run's own, and what a new run in its folder set aside (checkpoints.1).
bool is_of_a_run(const fs::path& path) {
  const std::string name = path.filename().string();
  return names_in_a_run().contains(name) || name == ".lock" || name.starts_with("checkpoints.") ||
         name.starts_with("eval_5cat.");
}

std::uintmax_t bytes_below(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(path, error)))
    return fs::is_symlink(path, error) ? 0 : fs::file_size(path, error);
  std::uintmax_t sum = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path, error))
    if (entry.is_regular_file(error) && !entry.is_symlink(error)) sum += entry.file_size(error);
  return sum;
}

}  // namespace

std::vector<Finding> verify_run(const PastRun& run) {
  std::vector<Finding> findings;
  verify_inputs(member_in(member_in(run.contents, "data"), "files"), findings);
  verify_inputs(member_in(run.contents, "inputs"), findings);
  const std::string job = run.text("job");
  if (job == "train" && run.ended)
    for (const char* name :
         {"best_model.pt", "final_model.pt", "model.safetensors", "training_history.json", "config.yaml"})
      verify_file(run.place / name, findings);
  const std::string hash = text_in(run.contents, "xxh64");  // a part of an index
  if (job == "index" && !hash.empty()) {
    const bool same = data::hash_file(run.place) == hash;
    findings.push_back({run.place.string(), same ? "ok" : "changed since it was built", same});
  } else if (job == "index" || job == "sequences") {
    std::error_code error;
    const auto size = fs::file_size(run.place, error);
    const Json& bytes = member_in(member_in(run.contents, "result"), "bytes");
    const bool same = !error && (!bytes.is_number_unsigned() || bytes.get<std::uintmax_t>() == size);
    findings.push_back(
        {run.place.string(),
         same ? "ok" : fmt::format("{} bytes, and {} when it was built", size, json_text(bytes)), same});
  }
  return findings;
}

std::vector<PastRun> runs_to_remove(const fs::path& folder, std::size_t keep) {
  const std::set<fs::path> latest = latest_below(folder);
  std::map<std::string, std::size_t> newer;  // of a name, looking from the newest on
  std::vector<PastRun> all = find_runs(folder), removed;
  // Of one second, and whatever touched the manifest since: by the time that it tells.
  std::stable_sort(all.begin(), all.end(),
                   [](const PastRun& a, const PastRun& b) { return a.started() < b.started(); });
  for (auto run = all.rbegin(); run != all.rend(); ++run) {
    if (run->text("job") != "train" || run->manifest.filename() != "manifest.json") continue;
    if (++newer[run->text("name")] <= keep) continue;
    std::error_code error;
    if (latest.contains(fs::canonical(run->place, error)) || FileLock::held(runtime::run_lock(run->place)))
      continue;
    removed.push_back(*run);
  }
  std::reverse(removed.begin(), removed.end());
  return removed;
}

std::uintmax_t remove_run(const PastRun& run, bool dry_run) {
  const auto lock = dry_run ? std::nullopt : FileLock::try_lock(runtime::run_lock(run.place));
  if (!dry_run && !lock) throw RunError("a run writes into it by now; it stays", run.place.string());
  std::uintmax_t bytes = 0;
  std::vector<fs::path> ours;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(run.place, error))
    if (is_of_a_run(entry.path())) ours.push_back(entry.path());
  // The manifest last: what is left of a clean that was killed is found again.
  std::stable_partition(ours.begin(), ours.end(),
                        [](const fs::path& path) { return path.filename() != "manifest.json"; });
  for (const fs::path& path : ours) {
    bytes += bytes_below(path);
    if (dry_run) continue;
    fs::remove_all(path, error);
    if (error) throw RunError("cannot be removed: " + error.message(), path.string());
  }
  if (!dry_run) fs::remove(run.place, error);  // stays when something else is in it
  return bytes;
}

}  // namespace runner::cli
