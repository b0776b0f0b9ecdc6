#include "jobs/index/plan.h"

#include "base/log.h"
#include "base/progress.h"
#include "index/build/estimate.h"
#include "jobs/index/settings.h"
#include "jobs/job_type.h"

namespace runner::jobs {
namespace {

std::string bytes(std::uint64_t count) {
  return format_bytes(static_cast<double>(count));
}

}  // namespace

void plan_index(const JobContext& context, JobResult& result) {
  const auto options = options_of<IndexOptions>(context);
  const data::Vectors vectors(options.inputs, data::Columns::none);
  const ann::BuildSettings settings = build_settings(options, vectors);
  const std::filesystem::path folder = std::filesystem::path(options.output).parent_path();
  const ann::Needs needs = ann::estimate(vectors, settings, folder);
  const bool fits = needs.memory_bytes <= needs.memory_free && needs.index_bytes <= needs.disk_free;
  result.result = {{"output", options.output},
                   {"rows", needs.rows},
                   {"dimension", needs.width},
                   {"factory", options.factory},
                   {"input_bytes", vectors.bytes()},
                   {"train_rows", needs.train_rows},
                   {"bytes", needs.index_bytes},
                   {"memory_bytes", needs.memory_bytes},
                   {"memory_available", needs.memory_free},
                   {"disk_bytes", needs.index_bytes},
                   {"disk_available", needs.disk_free},
                   {"seconds", needs.seconds},
                   {"fits", fits}};
  result.summary = fmt::format(
      "index {}: {} from {} rows of width {} ({} of input)\n"
      "  disk    {} for the new version, {} free; {} versions are kept\n"
      "  memory  about {}, {} available\n"
      "  time    about {}{}\n"
      "  {}",
      options.output, options.factory, needs.rows, needs.width, bytes(vectors.bytes()),
      bytes(needs.index_bytes), bytes(needs.disk_free), options.keep, bytes(needs.memory_bytes),
      bytes(needs.memory_free), format_duration(needs.seconds),
      needs.train_rows > 0 ? fmt::format(", training with {} rows", needs.train_rows) : "",
      fits ? "it fits" : "it does NOT fit: runner index would refuse it");
}

}  // namespace runner::jobs
