#include "runtime/outcome.h"

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_file.h"
#include "base/log.h"

namespace runner::runtime {

void record_crash(const std::filesystem::path& folder, const CrashFacts& facts, const Json& launch) {
  std::error_code ignored;
  if (folder.empty() || !std::filesystem::is_directory(folder, ignored)) return;
  const auto path = folder / "manifest.json";
  try {
    Json manifest = Json{{"job", facts.job}, {"launch", launch}};
    if (Json written = read_json_file_if_valid(path); !written.empty()) manifest = std::move(written);
    manifest["outcome"] = facts.ending.stalled ? "stalled" : "crashed";
    manifest["crash"] =
        Json{{"message", crash_line(facts)},  {"signal", facts.ending.signal},
             {"phase", facts.phase},          {"step", facts.step},
             {"stacks", facts.ending.stacks}, {"peak_memory_kib", facts.ending.peak_memory_kib}};
    write_file_atomically(path, json_text(manifest, 2) + "\n");
  } catch (const std::exception& error) {
    spdlog::warn("{}: cannot record the crash: {}", path.string(), error.what());
  }
}

}  // namespace runner::runtime
