#include "jobs/sequences/plan.h"

#include <filesystem>

#include "base/log.h"
#include "base/progress.h"
#include "data/samples/detect.h"
#include "data/samples/sequence_samples.h"
#include "jobs/job_type.h"
#include "jobs/voice.h"

namespace runner::jobs {
namespace {
namespace fs = std::filesystem;

std::uint64_t free_space(fs::path folder) {
  std::error_code error;
  folder = fs::absolute(folder, error).parent_path();
  while (!fs::exists(folder, error) && folder != folder.root_path()) folder = folder.parent_path();
  return fs::space(folder, error).available;
}

std::string bytes(std::uint64_t count) {
  return format_bytes(static_cast<double>(count));
}

}  // namespace

SequencesNeeds estimate(const SequencesOptions& options, std::int64_t rows, std::int64_t sequences,
                        std::int64_t context, std::int64_t width) {
  const auto n = static_cast<std::uint64_t>(sequences), r = static_cast<std::uint64_t>(rows),
             t = static_cast<std::uint64_t>(context), d = static_cast<std::uint64_t>(width);
  SequencesNeeds needs{rows,
                       sequences,
                       n * (t + 1) * d * 4 + n * 16 + 4096,
                       60'000'000 + r * 16 + n * 8,
                       free_space(options.output),
                       0};
  if (options.legacy_metadata) {
    needs.output_bytes += n * 48;
    needs.memory_bytes += n * 72;
  }
  const double written = static_cast<double>(needs.output_bytes);
  needs.seconds = 0.1 + written / 500e6 + (options.compress ? written / 20e6 : 0);
  if (options.method == SequenceMethod::neighbors) {
    needs.memory_bytes += 80'000'000 + r * 8 * (t + 1);
    const double pairs = static_cast<double>(r) * static_cast<double>(options.within_article ? 50 : rows);
    needs.seconds += pairs * static_cast<double>(width) * 2 / 60e9;
  }
  return needs;
}

void plan_sequences(const JobContext& context, JobResult& result) {
  const auto options = options_of<SequencesOptions>(context);
  SequencesNeeds needs;
  std::int64_t width = 0, length = options.context;
  if (data::detect(options.inputs.at(0)) == data::FileKind::sequences) {
    const auto samples = data::open_sequences(options.inputs);
    width = samples->width();
    length = samples->context();
    needs = estimate(options, samples->size(), samples->size(), length, width);
  } else {
    const data::Vectors vectors(options.inputs);
    width = vectors.width();
    const std::int64_t sequences = options.method == SequenceMethod::window
                                       ? data::Windows(vectors, window_options(options)).size()
                                       : vectors.rows();
    needs = estimate(options, vectors.rows(), sequences, length, width);
  }
  const bool fits = needs.output_bytes <= needs.disk_free;
  result.result = {{"output", options.output},
                   {"method", to_word(options.method)},
                   {"rows", needs.rows},
                   {"sequences", needs.sequences},
                   {"context", length},
                   {"width", width},
                   {"memory_bytes", needs.memory_bytes},
                   {"disk_bytes", needs.output_bytes},
                   {"disk_free_bytes", needs.disk_free},
                   {"seconds", needs.seconds},
                   {"fits", fits}};
  report::Block plan;
  std::vector<std::string> config{options.name};
  config.insert(config.end(), options.inputs.begin(), options.inputs.end());
  plan.add("sequences", std::move(config));
  plan.add("rows", {fmt::format("{} of width {}", needs.rows, width),
                    fmt::format("{}{} sequences of {} vectors",
                                options.method == SequenceMethod::neighbors ? "at most " : "",
                                needs.sequences, length)});
  plan.add("memory", {"about " + bytes(needs.memory_bytes) + " (whatever the output's size)"});
  plan.add("disk", {(options.compress ? "at most " : "") + bytes(needs.output_bytes),
                    bytes(needs.disk_free) + " free"});
  plan.add("time", {"about " + format_duration(needs.seconds) + " on a disk of 500 MB/s"});
  plan.add("output", {options.output});
  plan.add("verdict", {fits ? "fits" : "does NOT fit  runner sequences would refuse it"});
  tell_closing(
      context, [&](std::size_t) { return plan; }, result);
}

}  // namespace runner::jobs
