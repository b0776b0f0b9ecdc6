#include "runtime/outcome.h"

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"

namespace runner::runtime {

void record_crash(const std::filesystem::path& folder, const CrashFacts& facts, const Json& launch) {
  std::error_code ignored;
  if (folder.empty() || !std::filesystem::is_directory(folder, ignored)) return;
  const auto path = folder / "manifest.json";
  try {
    Json manifest = Json{{"job", facts.job}, {"launch", launch}};
    if (std::filesystem::exists(path, ignored)) {
      Json written = Json::parse(read_file(path), nullptr, false);
      if (written.is_object()) manifest = std::move(written);
    }
    manifest["outcome"] = facts.ending.stalled ? "stalled" : "crashed";
    manifest["crash"] =
        Json{{"message", crash_line(facts)},  {"signal", facts.ending.signal},
             {"phase", facts.phase},          {"step", facts.step},
             {"stacks", facts.ending.stacks}, {"peak_memory_kib", facts.ending.peak_memory_kib}};
    write_file_atomically(path, manifest.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  } catch (const std::exception& error) {
    spdlog::warn("{}: cannot record the crash: {}", path.string(), error.what());
  }
}

}  // namespace runner::runtime
