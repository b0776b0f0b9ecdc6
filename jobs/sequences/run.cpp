#include "jobs/sequences/run.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/shell_quote.h"
#include "base/status.h"
#include "base/time.h"
#include "contract/manifest.h"
#include "contract/sequences_result.h"
#include "data/input_watch.h"
#include "data/samples/detect.h"
#include "data/samples/sequence_samples.h"
#include "data/samples/window_samples.h"
#include "jobs/input_records.h"
#include "jobs/job_type.h"
#include "jobs/sequences/neighbor_samples.h"
#include "jobs/sequences/neighbors.h"
#include "jobs/sequences/options.h"
#include "jobs/sequences/plan.h"
#include "jobs/sequences/write_sequences.h"
#include "jobs/voice.h"

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
  if (options.method == SequenceMethod::window)
    return data::open_windows(std::move(vectors), window_options(options));
  NeighborRows rows = find_neighbors(*vectors, window_options(options));
  return open_neighbors(std::move(vectors), std::move(rows));
}

// How the samples were cut; of converted sequences, what their files tell.
data::WindowMeaning meaning_of(const SequencesOptions& options, const data::SampleSource& samples) {
  data::WindowMeaning meaning{samples.context(), options.target_offset, options.within_article};
  if (samples.vectors() == nullptr) {
    meaning = data::read_window_meaning(options.inputs);
    meaning.context = samples.context();
  } else if (options.method != SequenceMethod::window) {
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

report::Block header_of(const JobContext& context, const SequencesOptions& options) {
  report::Block block;
  std::vector<std::string> config{options.name};
  config.insert(config.end(), options.inputs.begin(), options.inputs.end());
  block.add("sequences", std::move(config));
  block.add("method", {to_word(options.method), fmt::format("context {}", options.context),
                       fmt::format("target {} further", options.target_offset)});
  block.add("device", compute_parts(context.launch, "cpu"));
  block.add("output", {options.output});
  return block;
}

report::Block closing_of(const SequencesResult& r, const Written& written) {
  report::Block block;
  block.add("sequences", {fmt::format("{} of {} vectors", r.sequences, r.context),
                          fmt::format("width {}", r.width), format_bytes(static_cast<double>(r.bytes)),
                          r.articles ? fmt::format("from {} articles", *r.articles) : ""});
  if (!r.coherence.is_null())
    block.add("coherence",
              {fmt::format("{:.4f} (mean cosine of adjacent context vectors)", written.coherence.mean())});
  block.add("time", {fmt::format("{:.2f} s", r.wall_s), fmt::format("flushed in {:.2f} s", r.fsync_s)});
  block.add("output", {r.output});
  block.add_list("next", r.next);
  return block;
}

std::optional<std::int64_t> count_articles(const data::SampleSource& samples) {
  if (!samples.has_articles()) return std::nullopt;
  std::vector<std::int64_t> articles;
  for (std::int64_t i = 0; i < samples.size(); ++i)
    if (articles.empty() || articles.back() != samples.article(i)) articles.push_back(samples.article(i));
  std::sort(articles.begin(), articles.end());
  return std::unique(articles.begin(), articles.end()) - articles.begin();
}

}  // namespace

void run_sequences(const JobContext& context, JobResult& result) {
  if (context.arguments.dry_run) return plan_sequences(context, result);
  auto options = options_of<SequencesOptions>(context);
  const auto start = std::chrono::steady_clock::now();
  Manifest manifest(context, options.name);
  tell_header(header_of(context, options));
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
  const std::vector<InputRecord> inputs = input_records(options.inputs);
  watch.set_hashes(hashes_of(inputs));
  const Written written =
      write_sequences(*samples, meaning_of(options, *samples), options, watch, if_taken(context));
  options.output = written.output;
  SequencesResult told;
  told.output = options.output;
  told.method = to_word(options.method);
  told.sequences = samples->size();
  told.context = samples->context();
  told.width = samples->width();
  told.articles = count_articles(*samples);
  told.bytes = written.bytes;
  told.coherence = written.coherence.report();
  told.fsync_s = written.fsync_s;
  told.wall_s = seconds_since(start);
  told.rss_mb = peak_memory_mb();
  told.next = {"runner train p6b_v23 --npz " + shell_quoted(told.output)};
  result.result = told;
  tell_closing(
      context, [&](std::size_t) { return closing_of(told, written); }, result);
  JobOptionsOf<SequencesOptions> declared;
  manifest.set_config(with_output(declared, context.values, options.output));
  manifest.set("inputs", inputs);
  manifest.set("result", result.result);
  manifest.finish("finished");
  manifest.write(manifest_beside(options.output));
}

}  // namespace runner::jobs
