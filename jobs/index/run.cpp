#include "jobs/index/run.h"

#include <chrono>
#include <ctime>
#include <optional>

#include "base/error.h"
#include "base/json_file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/time.h"
#include "base/version.h"
#include "data/input_watch.h"
#include "index/build/faiss_version.h"
#include "index/build/hash_cache.h"
#include "index/publish/publish.h"
#include "jobs/index/settings.h"
#include "jobs/job_type.h"

namespace runner::jobs {
namespace {

using Clock = std::chrono::steady_clock;

// A built file that is removed unless it was published.
struct Building {
  std::filesystem::path path;
  ~Building() {
    std::error_code error;
    std::filesystem::remove(path, error);
  }
};

// Only the log tells it: a rebuild by the clock with --quiet says nothing when there was nothing to do.
void skip(const IndexOptions& options, const Json& known, JobResult& result) {
  result.result = {{"output", options.output}};
  for (const char* key : {"version", "ntotal", "dimension", "factory", "bytes"})
    result.result[key] = member_in(known, key);
  for (const char* key : {"build_s", "fsync_s", "verify_s"}) result.result[key] = 0.0;
  result.result["skipped"] = true;
}

// The published version was made from the same contents, and is all there.
bool is_unchanged(const ann::Target& target, const Json& manifest, const Json& inputs) {
  const Json& before = member_in(manifest, "inputs");
  if (!before.is_array() || before.size() != inputs.size()) return false;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    for (const char* key : {"xxh64", "bytes"})
      if (member_in(before[i], key) != inputs[i][key]) return false;
  std::error_code error;
  const auto size = std::filesystem::file_size(target.link, error);
  return !error && member_in(member_in(manifest, "result"), "bytes") == size;
}

std::vector<std::string> hashes_of(const Json& inputs) {
  std::vector<std::string> hashes;
  for (const Json& input : inputs) hashes.push_back(input.at("xxh64"));
  return hashes;
}

void refuse_what_will_not_fit(const IndexOptions& options, const ann::Target& target) {
  const data::Vectors vectors(options.inputs, data::Columns::none);
  const ann::BuildSettings build = build_settings(options, vectors);
  ann::refuse_what_will_not_fit(ann::estimate(vectors, build, target.folder()), build, target.folder());
}

void roll_back(const IndexOptions& options, const ann::Target& target, JobResult& result) {
  const std::string version = ann::roll_back(target);
  const Json manifest = ann::published_manifest(target);
  result.result = {{"output", options.output}, {"version", version}, {"rolled_back", true}};
  for (const char* key : {"ntotal", "dimension", "factory", "bytes"})
    result.result[key] = member_in(member_in(manifest, "result"), key);
  result.summary = fmt::format("{}: now {} again", options.output, version);
}

void add_result(const IndexOptions& options, const std::string& version, const data::Vectors& vectors,
                const ann::BuildTimes& times, const ann::Verification& verification, double verify_s,
                Json& result) {
  result = {{"output", options.output},
            {"version", version},
            {"ntotal", vectors.rows()},
            {"dimension", vectors.width()},
            {"factory", options.factory},
            {"metric", options.metric},
            {"bytes", times.bytes},
            {"self_recall", verification.self_recall},
            {"recall_at_10", verification.recall ? Json(*verification.recall) : Json(nullptr)},
            {"build_s", times.build_s},
            {"fsync_s", times.fsync_s},
            {"verify_s", verify_s}};
}

std::string summarise(const Json& r) {
  std::string text = fmt::format("{}: {} vectors of width {}, {}, {}; self-recall {:.4f}",
                                 r["output"].get<std::string>(), r["ntotal"].get<std::int64_t>(),
                                 r["dimension"].get<std::int64_t>(), r["factory"].get<std::string>(),
                                 format_bytes(r["bytes"].get<double>()), r["self_recall"].get<double>());
  if (!r["recall_at_10"].is_null())
    text += fmt::format(", recall at 10 {:.4f}", r["recall_at_10"].get<double>());
  return text + fmt::format("; built in {:.2f} s, flushed in {:.2f} s, verified in {:.2f} s; version {}",
                            r["build_s"].get<double>(), r["fsync_s"].get<double>(),
                            r["verify_s"].get<double>(), r["version"].get<std::string>());
}

}  // namespace

void run_index(const JobContext& context, JobResult& result) {
  auto options = read_options<IndexOptions>(context.config);
  const auto start = Clock::now();
  const std::string started = iso_time();
  ann::Target target{options.output};
  const auto lock = if_taken(context) == IfTaken::count_on
                        ? ann::lock_new_target(target)
                        : ann::lock_target(target, options.if_locked == "wait");
  if (!lock) return skip(options, nullptr, result);
  options.output = target.link.string();
  ann::tidy(target);
  if (context.arguments.value("rollback", false)) return roll_back(options, target, result);

  const Json settings = comparable_settings(options);
  const Json published = ann::published_manifest(target);
  const bool may_skip = options.skip_if_unchanged && !context.arguments.value("force", false) &&
                        member_in(published, "settings") == settings;
  // Before the input is hashed, which takes a while, where only a refusal can come of it.
  if (!may_skip) refuse_what_will_not_fit(options, target);
  data::InputWatch watch(options.inputs);
  const Json inputs = ann::input_hashes(options.inputs);
  watch.set_hashes(hashes_of(inputs));
  if (may_skip && is_unchanged(target, published, inputs)) {
    spdlog::info("{}: input and settings are unchanged; nothing to do (--force rebuilds)", options.output);
    skip(options, member_in(published, "result"), result);
  } else {
    if (may_skip) refuse_what_will_not_fit(options, target);
    data::Vectors vectors(options.inputs, data::Columns::none);
    vectors.allow_random_access();
    const ann::BuildSettings build = build_settings(options, vectors);
    status::set_phase("check values");
    const bool directed = build.normalize || build.metric == ann::Metric::inner_product;
    watch.over([&] {
      vectors.check_values(
          true, [](std::int64_t) { status::beat(); }, directed ? data::Zeros::refused : data::Zeros::allowed);
    });

    const std::string version = target.new_version();
    const Building building{target.building(version)};
    ann::BuildTimes times;
    {
      std::optional<Progress> progress;  // from the first row on: training has its own
      times = watch.over([&] {
        return ann::build_index(vectors, build, building.path, [&](std::int64_t done) {
          if (!progress) progress.emplace("build", vectors.rows(), "rows");
          progress->update(done);
        });
      });
    }
    const auto verify_start = Clock::now();
    const ann::Verification verification =
        ann::verify_index(building.path, vectors, build, verify_settings(options));
    add_result(options, version, vectors, times, verification, seconds_since(verify_start), result.result);
    result.result["wall_s"] = seconds_since(start);
    result.result["rss_mb"] = peak_memory_mb();
    result.result["skipped"] = false;

    watch.check();
    status::set_phase("publish");
    ann::adopt_plain_file(target, version);
    JobOptionsOf<IndexOptions> declared;
    ann::publish(target, version,
                 {{"job", "index"},
                  {"name", options.name},
                  {"outcome", "done"},
                  {"started", started},
                  {"ended", iso_time()},
                  {"runner", runner::version()},
                  {"faiss", ann::faiss_version()},
                  {"inputs", inputs},
                  {"settings", settings},
                  {"verify", verification.to_json()},
                  {"result", result.result},
                  {"config", with_output(declared, context.config, options.output)},
                  {"launch", context.launch}},
                 options.keep);
    result.summary = summarise(result.result);
  }
  result.result["wall_s"] = seconds_since(start);
  result.result["rss_mb"] = peak_memory_mb();
}

}  // namespace runner::jobs
