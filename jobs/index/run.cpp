#include "jobs/index/run.h"

#include <chrono>
#include <optional>

#include "base/error.h"
#include "base/json_file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/shell_quote.h"
#include "base/status.h"
#include "base/time.h"
#include "contract/index_result.h"
#include "contract/manifest.h"
#include "data/input_watch.h"
#include "index/build/estimate.h"
#include "index/build/faiss_version.h"
#include "index/build/hash_cache.h"
#include "index/publish/publish.h"
#include "index/shards/merge.h"
#include "jobs/index/building.h"
#include "jobs/index/settings.h"
#include "jobs/index/shard.h"
#include "jobs/job_type.h"
#include "jobs/voice.h"

namespace runner::jobs {
namespace {

using Clock = std::chrono::steady_clock;

// What --json tells of a version that is there already; null for what nobody knows. `known`: its result.
Json told_again(const std::string& output, const Json& known, bool skipped) {
  Json told = IndexResult();
  for (auto& [key, value] : told.items()) value = member_in(known, key.c_str());
  for (const char* key : {"build_s", "fsync_s", "verify_s"}) told[key] = 0.0;
  told["output"] = output;
  told["skipped"] = skipped;
  return told;
}

// Only the log tells it: a rebuild by the clock with --quiet says nothing when there was nothing to do.
void skip(const IndexOptions& options, const Json& known, JobResult& result) {
  result.result = told_again(options.output, known, true);
}

// The published version was made from the same contents, and is all there.
bool is_unchanged(const ann::Target& target, const Manifest& manifest,
                  const std::vector<InputRecord>& inputs) {
  if (!same_contents(manifest.inputs(), inputs)) return false;
  std::error_code error;
  const auto size = std::filesystem::file_size(target.link, error);
  return !error && member_in(manifest.result(), "bytes") == size;
}

// Before anything is read.
void refuse_what_cannot_be(const IndexOptions& options, const ann::Target& target, bool merges) {
  const data::Vectors vectors(options.inputs, data::Columns::none);
  const ann::BuildSettings build = build_settings(options, vectors);
  if (merges) parts_to_merge(options, {});
  ann::refuse_what_will_not_fit(ann::estimate(vectors, build, target.folder()), build, target.folder());
}

void roll_back(const JobContext& context, const IndexOptions& options, const ann::Target& target,
               JobResult& result) {
  const std::string version = ann::roll_back(target);
  const std::optional<Manifest> manifest = ann::published_manifest(target);
  result.result = told_again(options.output, manifest ? manifest->result() : Json(), false);
  result.result["version"] = version;
  result.result["rolled_back"] = true;
  report::Block block;
  block.add("version", {version + " again"});
  block.add("output", {options.output});
  tell_closing(
      context, [&](std::size_t) { return block; }, result);
}

// From the vectors, or from the parts that were built of them.
ann::BuildTimes build_or_merge(const IndexOptions& options, const data::Vectors& vectors,
                               ann::BuildSettings build, const std::vector<InputRecord>* merged_inputs,
                               const std::filesystem::path& file) {
  std::optional<Progress> progress;  // from the first row on: training has its own
  const auto tell = [&](std::int64_t done) {
    if (!progress) progress.emplace(merged_inputs != nullptr ? "merge" : "build", vectors.rows(), "rows");
    progress->update(done);
  };
  if (merged_inputs == nullptr) return ann::build_index(vectors, build, file, tell);
  const auto parts = parts_to_merge(options, *merged_inputs);
  if (ann::is_trained_once(build, vectors.width())) build.trained = trained_file(options, parts);
  return ann::merge_shards(parts, build, file, tell, &vectors);
}

IndexResult result_of(const IndexOptions& options, const std::string& version, const data::Vectors& vectors,
                      const ann::BuildTimes& times, const ann::Verification& verification) {
  IndexResult result;
  result.output = options.output;
  result.version = version;
  result.ntotal = vectors.rows();
  result.dimension = vectors.width();
  result.factory = options.factory;
  result.metric = to_word(options.metric);
  result.bytes = times.bytes;
  result.self_recall = verification.self_recall;
  result.recall_at_10 = verification.recall;
  if (const auto& effort = verification.effort) result.search = SearchEffort{effort->name, effort->value};
  if (!verification.advice.empty()) result.advice = verification.advice;
  result.build_s = times.build_s;
  result.fsync_s = times.fsync_s;
  result.next = {"runner search " + shell_quoted(options.output) + " --queries FILE --k 10"};
  return result;
}

report::Block header_of(const JobContext& context, const IndexOptions& options,
                        const data::Vectors& vectors) {
  report::Block block;
  std::vector<std::string> config{options.name};
  config.insert(config.end(), options.inputs.begin(), options.inputs.end());
  block.add("index", std::move(config));
  block.add("type", {options.factory, to_word(options.metric),
                     fmt::format("{} rows of width {}", vectors.rows(), vectors.width())});
  block.add("device", compute_parts(context.launch, "cpu"));
  block.add("output", {options.output});
  return block;
}

report::Block closing_of(const IndexResult& r) {
  report::Block block;
  block.add("index", {fmt::format("{} vectors of width {}", r.ntotal, r.dimension), r.factory,
                      format_bytes(static_cast<double>(r.bytes))});
  block.add("recall", {fmt::format("self-recall {:.4f}", r.self_recall),
                       r.recall_at_10 ? fmt::format("recall at 10 {:.4f}", *r.recall_at_10) : ""});
  if (r.search) block.add("search", {fmt::format("{} {}", r.search->parameter, r.search->value)});
  if (r.advice) block.add_text("advice", *r.advice);
  block.add("time",
            {fmt::format("{:.2f} s", r.wall_s), fmt::format("built in {:.2f} s", r.build_s),
             fmt::format("flushed in {:.2f} s", r.fsync_s), fmt::format("verified in {:.2f} s", r.verify_s)});
  block.add("version", {r.version});
  block.add("output", {r.output});
  block.add_list("next", r.next);
  return block;
}

}  // namespace

void run_index(const JobContext& context, JobResult& result) {
  auto options = options_of<IndexOptions>(context);
  const bool merges = context.arguments.merge;
  refuse_contradicting_flags(context.arguments);
  if (context.arguments.shard) return run_index_shard(context, options, result);
  tell_of_slurm_array(merges);
  const auto start = Clock::now();
  Manifest manifest(context, options.name);
  ann::Target target{options.output};
  const auto lock = if_taken(context) == IfTaken::count_on
                        ? ann::lock_new_target(target)
                        : ann::lock_target(target, options.if_locked == IfLocked::wait);
  const auto tell_costs = [&] {
    result.result["wall_s"] = seconds_since(start);
    result.result["rss_mb"] = peak_memory_mb();
  };
  if (!lock) {
    skip(options, nullptr, result);
    return tell_costs();
  }
  options.output = target.link.string();
  ann::tidy(target);
  if (context.arguments.rollback) {
    roll_back(context, options, target, result);
    return tell_costs();
  }

  const Json settings = comparable_settings(options);
  const std::optional<Manifest> published = ann::published_manifest(target);
  const bool may_skip = options.skip_if_unchanged && !context.arguments.force && published &&
                        json_text(published->settings()) == json_text(settings);
  // Before the input is hashed, which takes a while, where only a refusal can come of it.
  if (!may_skip) refuse_what_cannot_be(options, target, merges);
  data::InputWatch watch(options.inputs);
  const std::vector<InputRecord> inputs = ann::input_hashes(options.inputs);
  watch.set_hashes(hashes_of(inputs));
  if (may_skip && is_unchanged(target, *published, inputs)) {
    spdlog::info("{}: input and settings are unchanged; nothing to do (--force rebuilds)", options.output);
    skip(options, published->result(), result);
  } else {
    if (may_skip) refuse_what_cannot_be(options, target, merges);
    data::Vectors vectors(options.inputs, data::Columns::none);
    vectors.allow_random_access();
    const ann::BuildSettings build = build_settings(options, vectors);
    // Each part has looked at the values of its rows, and all of them at every file's CRC.
    if (!merges) watch.over([&] { ann::check_values(vectors, build); });

    const std::string version = target.new_version();
    tell_header(header_of(context, options, vectors));
    const Building building(target.building(version));
    const ann::BuildTimes times = watch.over(
        [&] { return build_or_merge(options, vectors, build, merges ? &inputs : nullptr, building.path); });
    const auto verify_start = Clock::now();
    const ann::Verification verification =
        ann::verify_index(building.path, vectors, build, verify_settings(options));
    IndexResult told = result_of(options, version, vectors, times, verification);
    told.verify_s = seconds_since(verify_start);
    told.wall_s = seconds_since(start);
    told.rss_mb = peak_memory_mb();

    watch.check();
    status::set_phase("publish");
    ann::adopt_plain_file(target, version);
    JobOptionsOf<IndexOptions> declared;
    manifest.set_config(with_output(declared, context.values, options.output));
    manifest.set("versions", {{"faiss", ann::faiss_version()}});
    manifest.set("inputs", inputs);
    manifest.set("settings", settings);
    manifest.set("verify", verification.to_json());
    manifest.set("result", told);
    manifest.finish("finished");
    ann::publish(target, version, manifest, options.keep);
    result.result = told;
    tell_closing(
        context, [&](std::size_t) { return closing_of(told); }, result);
  }
  if (merges && !options.keep_shards) ann::ShardFolder::of_index(target.link).remove();
  tell_costs();
}

}  // namespace runner::jobs
