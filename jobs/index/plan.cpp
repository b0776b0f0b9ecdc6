#include "jobs/index/plan.h"

#include "base/log.h"
#include "base/progress.h"
#include "index/build/estimate.h"
#include "jobs/index/settings.h"
#include "jobs/job_type.h"
#include "jobs/voice.h"

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
  result.result = {{"output", options.output},           {"ntotal", needs.rows},
                   {"dimension", needs.width},           {"factory", options.factory},
                   {"input_bytes", vectors.bytes()},     {"train_rows", needs.train_rows},
                   {"memory_bytes", needs.memory_bytes}, {"memory_free_bytes", needs.memory_free},
                   {"disk_bytes", needs.index_bytes},    {"disk_free_bytes", needs.disk_free},
                   {"seconds", needs.seconds},           {"fits", fits}};
  report::Block plan;
  std::vector<std::string> config{options.name};
  config.insert(config.end(), options.inputs.begin(), options.inputs.end());
  plan.add("index", std::move(config));
  plan.add("type", {options.factory, fmt::format("{} rows of width {}", needs.rows, needs.width),
                    bytes(vectors.bytes()) + " of input"});
  plan.add("memory", {"about " + bytes(needs.memory_bytes), bytes(needs.memory_free) + " available"});
  plan.add("disk", {bytes(needs.index_bytes) + " for the new version", bytes(needs.disk_free) + " free",
                    fmt::format("{} versions are kept", options.keep)});
  plan.add("time", {"about " + format_duration(needs.seconds),
                    needs.train_rows > 0 ? fmt::format("training with {} rows", needs.train_rows) : ""});
  plan.add("output", {options.output});
  plan.add("verdict", {fits ? "fits" : "does NOT fit  runner index would refuse it"});
  tell_closing(
      context, [&](std::size_t) { return plan; }, result);
}

}  // namespace runner::jobs
