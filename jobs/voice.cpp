#include "jobs/voice.h"

#include <unistd.h>

#include "base/json_file.h"
#include "base/log.h"

namespace runner::jobs {

std::string openmp_verdict(const LaunchRecord& launch) {
  return text_in(launch.loaded, "verdict", text_in(launch.scan, "verdict"));
}

std::vector<std::string> compute_parts(const LaunchRecord& launch, const std::string& first) {
  std::vector<std::string> parts{first};
  if (launch.threads > 0)
    parts.push_back(fmt::format("{} {}", launch.threads, launch.threads == 1 ? "thread" : "threads"));
  const std::string verdict = openmp_verdict(launch);
  if (verdict.empty()) return parts;
  std::vector<std::string> kinds;
  const Json& found = launch.loaded.is_object() ? launch.loaded : launch.scan;
  for (const Json& runtime : member_in(found, "runtimes")) kinds.push_back(text_in(runtime, "kind"));
  parts.push_back("OpenMP " + verdict + (kinds.empty() ? "" : fmt::format(" ({})", fmt::join(kinds, ", "))));
  return parts;
}

void tell_choice(const runtime::DeviceChoice& choice, const std::string& precision) {
  spdlog::log(choice.fell_back ? spdlog::level::warn : spdlog::level::info, "{}{}", runtime::describe(choice),
              precision.empty() ? "" : "; precision " + precision);
}

void tell_header(const report::Block& block) {
  log_block(block.text(report::block_width(STDERR_FILENO)), block.text(std::string::npos));
}

void tell_closing(const JobContext& context, const std::function<report::Block(std::size_t)>& make,
                  JobResult& result) {
  const auto text = [&](std::size_t width) { return make(width).text(width); };
  log_block(context.json ? text(report::block_width(STDERR_FILENO)) : "", text(std::string::npos));
  if (!context.json) result.summary = text(report::block_width(STDOUT_FILENO));
}

}  // namespace runner::jobs
