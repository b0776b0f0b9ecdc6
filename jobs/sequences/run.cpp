#include "jobs/sequences/run.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
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

std::string summarise(const SequencesResult& r, const Written& written) {
  std::string text = fmt::format("{}: {} sequences of {} vectors, width {}, {}", r.output, r.sequences,
                                 r.context, r.width, format_bytes(static_cast<double>(r.bytes)));
  if (r.articles) text += fmt::format(", from {} articles", *r.articles);
  if (!r.coherence.is_null())
    text += fmt::format("\ncoherence (mean cosine of adjacent context vectors): {:.4f}",
                        written.coherence.mean());
  return text;
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
  result.result = told;
  result.summary = summarise(told, written);
  JobOptionsOf<SequencesOptions> declared;
  manifest.set_config(with_output(declared, context.values, options.output));
  manifest.set("inputs", inputs);
  manifest.set("result", result.result);
  manifest.finish("finished");
  manifest.write(manifest_beside(options.output));
}

}  // namespace runner::jobs
