#include "cli/runs/past_run.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <tuple>

#include "base/error.h"
#include "base/json_file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/signatures.h"
#include "base/time.h"
#include "config/dump.h"
#include "config/resolve.h"
#include "contract/manifest.h"
#include "jobs/registry.h"
#include "worker/launch/outcome.h"

namespace runner::cli {
namespace fs = std::filesystem;

namespace {

constexpr int deepest = 64;                          // folders inside each other that are looked into
constexpr std::uintmax_t longest_report = 16 << 20;  // of an evaluation: a few KB
constexpr const char* manifest_end = ".manifest.json";

bool is_manifest(const fs::path& path) {
  const std::string name = path.filename().string();
  return name == "manifest.json" || name.ends_with(manifest_end);
}

// A run's own JSON files are not looked into.
bool may_be_report(const fs::path& path) {
  std::error_code error;
  return path.extension() == ".json" && !is_manifest(path) &&
         !names_in_a_run().contains(path.filename().string()) &&
         fs::file_size(path, error) < longest_report && !error && !fs::exists(manifest_beside(path), error);
}

// What the run wrote: its folder, or the file that the manifest lies beside.
fs::path place_of(const fs::path& manifest) {
  if (!is_manifest(manifest)) return manifest;
  if (manifest.filename() == "manifest.json")
    return manifest.has_parent_path() ? manifest.parent_path() : fs::path(".");
  const std::string name = manifest.string();
  return name.substr(0, name.rfind(manifest_end));
}

PastRun open_run(const fs::path& manifest) {
  Manifest told = Manifest::read(manifest);
  const fs::path place = place_of(manifest);
  if (manifest.filename() == "manifest.json" && told.is_running())
    told = runtime::settle_outcome(place).value_or(told);
  PastRun run{place, manifest, {}, told.contents(), told.has_ended()};
  std::error_code gone;
  run.written = fs::last_write_time(manifest, gone);
  if (!is_manifest(manifest)) {
    run.contents["job"] = "eval";
    run.contents["name"] = manifest.stem().string();
  }
  return run;
}

// Where a run of that name is: as given, or among the models, as for the keys that name one.
fs::path place_named(const fs::path& named) {
  std::error_code error;
  fs::path model = fs::path("artifacts/lvm/models") / named;
  if (fs::exists(named, error)) return named;
  if (!named.has_parent_path() && fs::exists(model, error)) return model;
  if (named.filename() == "latest")
    throw UsageError("no such run; a training run that finishes makes it: runner train p6b_v23 comes first",
                     named.string());
  return named;
}

// A run may vanish at any moment, another be written: what cannot be read any more is left out.
void find_runs_below(const fs::path& folder, int depth, std::vector<PastRun>& runs) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    const fs::file_status status = at->symlink_status(gone);
    if (fs::is_directory(status) && depth < deepest) find_runs_below(at->path(), depth + 1, runs);
    // A link to the current version of a file is that version's run.
    if (!fs::is_regular_file(status)) continue;
    if (is_manifest(at->path()) ? !fs::exists(place_of(at->path()), gone)
                                : !may_be_report(at->path()) || !is_eval_report(at->path()))
      continue;
    try {
      runs.push_back(open_run(at->path()));
    } catch (const DataError& damage) {
      spdlog::warn("left out: {}", damage.line());
    } catch (const RunError& unreadable) {
      if (fs::exists(at->path(), gone)) spdlog::warn("left out: {}", unreadable.line());
    }
  }
}

std::optional<double> number(const Json& object, const char* key) {
  const Json& value = member_in(object, key);
  return value.is_number() ? std::optional<double>(value.get<double>()) : std::nullopt;
}

// "2026-11-29T21:46:53+0000" in seconds since 1970.
std::optional<std::time_t> time_of(const std::string& iso) {
  std::tm tm{};
  int hours = 0, minutes = 0;
  char sign = '+';
  if (std::sscanf(iso.c_str(), "%d-%d-%dT%d:%d:%d%c%2d%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
                  &tm.tm_min, &tm.tm_sec, &sign, &hours, &minutes) != 9)
    return std::nullopt;
  tm.tm_year -= 1900;
  tm.tm_mon -= 1;
  const std::time_t offset = (std::time_t{hours} * 60 + minutes) * 60;
  return ::timegm(&tm) - (sign == '-' ? -offset : offset);
}

}  // namespace

std::string PastRun::text(const char* key) const {
  const Json& member = member_in(contents, key);
  if (member.is_null()) return "-";
  return member.is_string() ? member.get<std::string>() : json_text(member);
}

std::string PastRun::started() const {
  if (is_manifest(manifest)) return text("started");
  const auto age = fs::file_time_type::clock::now() - written;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  return iso_time(std::time(nullptr) - static_cast<std::time_t>(seconds));
}

std::string PastRun::outcome() const {
  if (is_manifest(manifest)) return text("outcome");
  return flag_in(contents, "passed") ? "passed" : "gate failed";
}

std::optional<double> PastRun::seconds() const {
  const auto begin = time_of(text_in(contents, "started")), end = time_of(text_in(contents, "ended"));
  if (begin && end && *end >= *begin) return static_cast<double>(*end - *begin);
  return number(member_in(contents, "result"), "wall_s");
}

const Json& PastRun::split(const char* name) const {
  const Json& in_result = member_in(member_in(contents, "result"), name);
  return in_result.is_object() ? in_result : member_in(contents, name);
}

std::optional<double> PastRun::best() const {
  if (text("job") == "eval") return number(split(split("VAL").is_object() ? "VAL" : "OOD"), "val_cosine");
  for (const char* key : {"best_val_cosine", "recall_at_10", "self_recall"})
    if (const auto value = number(member_in(contents, "result"), key)) return value;
  return std::nullopt;
}

std::optional<double> PastRun::gain() const {
  if (text("job") == "eval") return number(split(split("VAL").is_object() ? "VAL" : "OOD"), "gain");
  return number(member_in(contents, "result"), "gain");
}

PastRun read_run(const fs::path& named) {
  const fs::path at = place_named(named);
  fs::path manifest = fs::is_directory(at) ? at / "manifest.json" : at;
  if (const fs::path beside = manifest_beside(at); fs::exists(beside)) manifest = beside;
  if (!is_manifest(manifest) && !is_eval_report(manifest) && fs::exists(manifest) && is_json_object(manifest))
    throw DataError("is neither a manifest nor the report of an evaluation", manifest.string());
  return open_run(manifest);
}

std::vector<PastRun> find_runs(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) throw UsageError("no such folder", folder.string());
  std::vector<PastRun> runs;
  find_runs_below(folder, 0, runs);
  std::sort(runs.begin(), runs.end(), [](const PastRun& a, const PastRun& b) {
    return std::tie(a.written, a.manifest) < std::tie(b.written, b.manifest);
  });
  return runs;
}

std::vector<std::pair<std::string, std::string>> configuration_of(const PastRun& run) {
  const jobs::JobType* type = jobs::find_job(run.text("job"));
  const std::string text = text_in(run.contents, "config");
  if (type == nullptr || text.empty()) return {};
  const auto options = type->make();
  config::Binder binder;
  options->declare_all(binder);
  for (const auto& field : binder.fields()) field->is_record = true;
  config::resolve(binder, text, run.manifest.string(),
                  {});  // keys that are no more, or not yet, are left out
  return config::values(binder);
}

}  // namespace runner::cli
