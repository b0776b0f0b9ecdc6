#include "jobs/index/shard.h"

#include <chrono>
#include <cstdlib>
#include <optional>

#include "base/error.h"
#include "base/json_file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/time.h"
#include "contract/manifest.h"
#include "data/content_hash.h"
#include "data/input_watch.h"
#include "index/build/estimate.h"
#include "index/build/hash_cache.h"
#include "index/publish/publish.h"
#include "index/shards/merge.h"
#include "jobs/index/building.h"
#include "jobs/index/settings.h"
#include "jobs/job_type.h"
#include "jobs/voice.h"

namespace runner::jobs {
namespace {

namespace fs = std::filesystem;

// Of all inputs; hashed from number `first` to `last`, and without a hash the others.
std::vector<InputRecord> hashes_of_part(const std::vector<std::string>& inputs, std::size_t first,
                                        std::size_t last) {
  std::vector<InputRecord> all;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    all.push_back(
        i >= first && i <= last
            ? ann::input_hashes({inputs[i]}).front()
            : InputRecord{inputs[i], static_cast<std::uint64_t>(data::file_stamp(inputs[i]).size), ""});
  return all;
}

std::string told_hash(const Manifest& manifest) {
  return text_in(manifest.contents(), "xxh64");
}

// The file is the one that its manifest tells of, made of this.
bool is_there(const fs::path& file, const Json& settings, const std::vector<InputRecord>& inputs) {
  const std::optional<Manifest> manifest = Manifest::read_if_valid(manifest_beside(file));
  std::error_code error;
  return manifest && manifest->settings() == settings && same_contents(inputs, manifest->inputs()) &&
         fs::is_regular_file(file, error) && data::hash_file(file) == told_hash(*manifest);
}

// The first part that comes trains, others wait for it. Returns the hash of what all are added to.
std::string train_once(const data::Vectors& all_rows, const ann::BuildSettings& build,
                       const ann::ShardFolder& folder, const Json& settings,
                       const std::vector<InputRecord>& inputs) {
  const fs::path file = folder.trained();
  const auto lock = ann::lock_target({file}, true);
  if (!is_there(file, settings, inputs)) {
    const Building building(file.string() + ".tmp");
    ann::train_index(all_rows, build, building.path);
    std::string hash = data::hash_file(building.path);
    ann::publish_shard(building.path, file,
                       {{"job", "index"}, {"xxh64", hash}, {"settings", settings}, {"inputs", inputs}});
    return hash;
  }
  return told_hash(Manifest::read(manifest_beside(file)));
}

void add_result(const JobContext& context, const IndexOptions& options, const ann::ShardManifest& part,
                const fs::path& file, bool skipped, JobResult& result) {
  Json& r = result.result;
  r["output"] = file.string();
  r["shard"] = to_string(part.shard);
  r["first_row"] = part.first_row;
  r["ntotal"] = part.rows;
  r["total_rows"] = part.total_rows;
  r["dimension"] = part.width;
  r["factory"] = options.factory;
  r["bytes"] = part.bytes;
  r["skipped"] = skipped;
  if (skipped) return;
  report::Block made;
  made.add("part", {to_string(part.shard),
                    fmt::format("rows {} to {} of {}", part.first_row, part.first_row + part.rows - 1,
                                part.total_rows),
                    format_bytes(static_cast<double>(part.bytes))});
  made.add("output", {file.string()});
  made.add_text("next", "when all parts are built, --merge publishes them");
  tell_closing(
      context, [&](std::size_t) { return made; }, result);
}

}  // namespace

void run_index_shard(const JobContext& context, const IndexOptions& options, JobResult& result) {
  const auto start = std::chrono::steady_clock::now();
  ann::ShardManifest part;
  part.shard = ann::parse_shard(*context.arguments.shard);
  if (if_taken(context) == IfTaken::count_on)
    throw UsageError("holds {timestamp}, and the parts of one index need one name: give --output", "output");
  data::Vectors vectors(options.inputs, data::Columns::none);
  part.total_rows = vectors.rows();
  part.width = vectors.width();
  const auto [first, count] = ann::rows_of(part.shard, part.total_rows);
  part.first_row = first;
  part.rows = count;
  ann::BuildSettings build = build_settings(options, vectors);
  ann::refuse_unmergeable(build, part.width);
  build.goal.reset();                  // is asked of the whole
  ann::estimate(vectors, build, ".");  // a type that the rows cannot fill is refused here

  const ann::ShardFolder folder = ann::ShardFolder::of_index(options.output);
  const fs::path file = folder.file(part.shard);
  folder.expect_division(part.shard.count);
  const auto lock = ann::lock_target({file}, options.if_locked == IfLocked::wait);
  if (!lock) {
    add_result(context, options, part, file, true, result);
    return;
  }

  const bool trained_once = ann::is_trained_once(build, part.width);
  data::Vectors rows = vectors;
  rows.keep_rows(part.first_row, part.rows);
  // A training looks at rows of all files.
  const auto [file_a, file_b] =
      trained_once ? std::pair<std::size_t, std::size_t>{0, options.inputs.size() - 1} : rows.kept_files();
  data::InputWatch watch({options.inputs.begin() + static_cast<std::ptrdiff_t>(file_a),
                          options.inputs.begin() + static_cast<std::ptrdiff_t>(file_b + 1)});
  part.settings = comparable_settings(options);
  part.inputs = hashes_of_part(options.inputs, file_a, file_b);
  if (trained_once) {
    vectors.allow_random_access();
    part.trained = watch.over([&] { return train_once(vectors, build, folder, part.settings, part.inputs); });
    build.trained = folder.trained();
  }
  if (options.skip_if_unchanged && !context.arguments.force && is_there(file, part.settings, part.inputs)) {
    const auto there = ann::shard_manifest(Manifest::read(manifest_beside(file)), file.string());
    if (there.trained == part.trained) {
      spdlog::info("{}: part {} is built already; nothing to do (--force rebuilds)", file.string(),
                   to_string(part.shard));
      add_result(context, options, there, file, true, result);
      return;
    }
  }
  if (!build.ids.empty()) build.ids = {build.ids.begin() + first, build.ids.begin() + first + count};
  ann::refuse_what_will_not_fit(ann::estimate(rows, build, folder.path()), build, folder.path());
  rows.allow_random_access();
  watch.over([&] { ann::check_values(rows, build); });

  const Building building(file.string() + ".tmp");
  std::optional<Progress> progress;
  const ann::BuildTimes times = watch.over([&] {
    return ann::build_index(rows, build, building.path, [&](std::int64_t done) {
      if (!progress) progress.emplace("build", part.rows, "rows");
      progress->update(done);
    });
  });
  progress.reset();
  ann::VerifySettings verify = verify_settings(options);
  verify.min_recall.reset();  // is asked of the whole
  const ann::Verification verification = ann::verify_index(building.path, rows, build, verify);
  watch.check();
  part.bytes = times.bytes;
  part.xxh64 = data::hash_file(building.path);
  ann::publish_shard(building.path, file, part.to_json());
  result.result = {{"self_recall", verification.self_recall},
                   {"build_s", times.build_s},
                   {"fsync_s", times.fsync_s},
                   {"wall_s", seconds_since(start)},
                   {"rss_mb", peak_memory_mb()}};
  add_result(context, options, part, file, false, result);
}

std::vector<ann::ShardFile> parts_to_merge(const IndexOptions& options,
                                           const std::vector<InputRecord>& inputs) {
  std::vector<ann::ShardFile> parts = ann::ShardFolder::of_index(options.output).all();
  ann::expect_one_index(parts, comparable_settings(options), inputs);
  return parts;
}

std::filesystem::path trained_file(const IndexOptions& options, const std::vector<ann::ShardFile>& parts) {
  fs::path file = ann::ShardFolder::of_index(options.output).trained();
  std::error_code error;
  if (!fs::is_regular_file(file, error) || data::hash_file(file) != parts.front().manifest.trained)
    throw DataError(
        "is not what the parts were added to; remove the folder and build all parts again; nothing was "
        "published",
        file.string());
  return file;
}

void refuse_contradicting_flags(const Arguments& arguments) {
  std::vector<std::string> given;
  if (arguments.shard) given.push_back("--shard");
  if (arguments.merge) given.push_back("--merge");
  if (arguments.rollback) given.push_back("--rollback");
  if (given.size() > 1)
    throw UsageError(fmt::format("{} are different things to do: give one", fmt::join(given, " and ")),
                     given[0]);
}

void tell_of_slurm_array(bool merges) {
  const char* count = std::getenv("SLURM_ARRAY_TASK_COUNT");
  if (!merges && count != nullptr && std::string(count) != "1")
    spdlog::info(
        "one of {} tasks of a Slurm array, and this one builds the whole index; --shard auto builds its part",
        count);
}

}  // namespace runner::jobs
