#include "jobs/sequences/run.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/time.h"
#include "base/version.h"
#include "data/content_hash.h"
#include "data/input_watch.h"
#include "jobs/job_type.h"
#include "jobs/sequences/neighbors.h"
#include "jobs/sequences/options.h"
#include "jobs/sequences/plan.h"
#include "jobs/sequences/write_sequences.h"

namespace runner::jobs {
namespace {

// Vectors become windows or neighbours; sequences are taken as they are.
std::unique_ptr<data::SampleSource> open_input(const SequencesOptions& options) {
  if (data::detect(options.inputs.at(0)) == data::FileKind::sequences) {
    spdlog::info(
        "{}: ready sequences, converted as they are; method, context, target_offset, within_article, "
        "exclude_articles and min_article_length are ignored",
        options.inputs[0]);
    auto samples = data::open_sequences(options.inputs);
    status::set_phase("check values");
    samples->check_values();
    return samples;
  }
  auto vectors = std::make_shared<data::Vectors>(options.inputs);
  vectors->allow_random_access();
  status::set_phase("check values");
  vectors->check_values();
  if (options.method == "window") return data::open_windows(std::move(vectors), window_options(options));
  NeighborRows rows = find_neighbors(*vectors, window_options(options));
  return open_neighbors(std::move(vectors), std::move(rows));
}

// How the samples were cut; of converted sequences, what their files tell.
data::WindowMeaning meaning_of(const SequencesOptions& options, const data::SampleSource& samples) {
  data::WindowMeaning meaning{samples.context(), options.target_offset, options.within_article};
  if (samples.vectors() == nullptr) {
    meaning = data::read_window_meaning(options.inputs);
    meaning.context = samples.context();
  } else if (options.method != "window") {
    meaning.target_offset.reset();
  }
  return meaning;
}

// A full disk would be found only after minutes of writing.
void refuse_without_space(const SequencesOptions& options, const data::SampleSource& samples) {
  const SequencesNeeds needs =
      estimate(options, samples.size(), samples.size(), samples.context(), samples.width());
  if (options.compress || needs.output_bytes <= needs.disk_free) return;
  throw RunError(
      fmt::format("{} to write, {} free there; choose another output, fewer articles or compress: true",
                  format_bytes(static_cast<double>(needs.output_bytes)),
                  format_bytes(static_cast<double>(needs.disk_free))),
      options.output);
}

Json describe_inputs(const std::vector<std::string>& paths) {
  Json inputs = Json::array();
  for (const std::string& path : paths)
    inputs.push_back(
        {{"path", path}, {"bytes", data::file_stamp(path).size}, {"xxh64", data::hash_file(path)}});
  return inputs;
}

void write_manifest(const JobContext& context, const SequencesOptions& options, const std::string& started,
                    const Json& inputs, const Json& result) {
  Json manifest = {{"job", "sequences"}, {"name", options.name}, {"version", version()},
                   {"started", started}, {"ended", iso_time()},  {"outcome", "done"},
                   {"result", result},   {"inputs", inputs}};
  JobOptionsOf<SequencesOptions> declared;
  manifest["config"] = with_output(declared, context.config, options.output);
  manifest["launch"] = context.launch;
  write_file_atomically(options.output + ".manifest.json", json_text(manifest, 2) + "\n");
}

std::string summarise(const SequencesOptions& options, const Json& result, const Written& written) {
  std::string text =
      fmt::format("{}: {} sequences of {} vectors, width {}, {}", options.output,
                  result["sequences"].get<std::int64_t>(), result["context"].get<std::int64_t>(),
                  result["width"].get<std::int64_t>(), format_bytes(static_cast<double>(written.bytes)));
  if (!result["articles"].is_null())
    text += fmt::format(", from {} articles", result["articles"].get<std::int64_t>());
  if (!result["coherence"].is_null())
    text += fmt::format("\ncoherence (mean cosine of adjacent context vectors): {:.4f}",
                        written.coherence.mean());
  return text;
}

Json count_articles(const data::SampleSource& samples) {
  if (!samples.has_articles()) return nullptr;
  std::vector<std::int64_t> articles;
  for (std::int64_t i = 0; i < samples.size(); ++i)
    if (articles.empty() || articles.back() != samples.article(i)) articles.push_back(samples.article(i));
  std::sort(articles.begin(), articles.end());
  return std::unique(articles.begin(), articles.end()) - articles.begin();
}

}  // namespace

void run_sequences(const JobContext& context, JobResult& result) {
  const bool dry_run = context.arguments.is_object() && context.arguments.value("dry_run", false);
  if (dry_run) return plan_sequences(context, result);
  auto options = read_options<SequencesOptions>(context.config);
  const auto start = std::chrono::steady_clock::now();
  const std::string started = iso_time();
  data::InputWatch watch(options.inputs);
  const std::unique_ptr<data::SampleSource> samples = open_input(options);
  if (samples->size() == 0)
    throw DataError(
        fmt::format(
            "no sequences come out of it: no article has the rows for a context of {} and target_offset "
            "{}; lower them, or look at exclude_articles and min_article_length",
            options.context, options.target_offset),
        options.inputs[0]);
  refuse_without_space(options, *samples);
  const Json inputs = describe_inputs(options.inputs);
  std::vector<std::string> hashes;
  for (const Json& input : inputs) hashes.push_back(input.at("xxh64"));
  watch.set_hashes(std::move(hashes));
  const Written written =
      write_sequences(*samples, meaning_of(options, *samples), options, watch, if_taken(context));
  options.output = written.output;
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  result.result = {{"output", options.output},     {"method", options.method},
                   {"sequences", samples->size()}, {"context", samples->context()},
                   {"width", samples->width()},    {"articles", count_articles(*samples)},
                   {"bytes", written.bytes},       {"coherence", written.coherence.report()},
                   {"fsync_s", written.fsync_s},   {"wall_s", wall.count()},
                   {"rss_mb", peak_memory_mb()}};
  result.summary = summarise(options, result.result, written);
  write_manifest(context, options, started, inputs, result.result);
}

}  // namespace runner::jobs
